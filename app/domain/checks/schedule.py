"""Due times of a service: on a fixed grid of its own, so that nothing drifts or bunches."""

import zlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Due times of all services lie on these marks. It divides a second, and so every interval. To begin
# with one check costs as much as several: five times a second many begin together.
_MARK_MS = 200


def phase_ms(service_id: UUID, region: str, interval_seconds: int) -> int:
    """Return a service's stable offset on the time line, in milliseconds, below its interval.

    A hash spreads services that were created together over the whole interval, in steps of a
    fifth of a second.
    """
    hashed = (service_id.int ^ zlib.crc32(region.encode())) % (interval_seconds * 1000)
    return hashed - hashed % _MARK_MS


def slot_at(now: datetime, interval_seconds: int, phase: int) -> datetime:
    """Return the last due time at or before `now` on the grid of an interval and a phase."""
    interval_ms = interval_seconds * 1000
    now_ms = (now - _EPOCH) // _MILLISECOND
    return _EPOCH + timedelta(milliseconds=now_ms - (now_ms - phase) % interval_ms)


def next_due(now: datetime, interval_seconds: int, phase: int) -> datetime:
    """Return the first due time after `now`; runs missed meanwhile are folded into one."""
    return slot_at(now, interval_seconds, phase) + timedelta(seconds=interval_seconds)


def scheduled_slot(due: datetime, now: datetime, interval_seconds: int, phase: int) -> datetime:
    """Return the due time a check started `now` stands for: the latest one that has come."""
    if now - due < timedelta(seconds=interval_seconds):
        return due
    return slot_at(now, interval_seconds, phase)
