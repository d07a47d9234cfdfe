"""Planned silence: one stretch of time, or one that recurs in local wall time."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice, pairwise
from uuid import UUID

from app.domain import timezones
from app.domain.maintenance import recurrence_expand, recurrence_parse
from app.domain.maintenance.recurrence_expand import Recurrence
from app.domain.maintenance.recurrence_parse import RecurrenceError

MAX_EXDATES = 500
MAX_DURATION_MINUTES = 31 * 24 * 60  # of a window that recurs
_YEARS = range(2000, 2101)
# No zone has ever moved its clock by more than a day at once.
_LARGEST_JUMP = timedelta(days=1)
_LOOKED_AT = 60
_A_DAY = timedelta(days=1)
_REMEMBERED = 5_000


class WindowError(ValueError):
    """A window that makes no sense: one sentence, and the field it is about."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class WindowStatus(StrEnum):
    """Status of a window."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One stretch of time from `starts_at` up to, and without, `ends_at`."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A window as `parse` read it. With a recurrence, `ends_at` ends the whole series."""

    starts_at: datetime
    ends_at: datetime | None = None
    recurrence: Recurrence | None = None
    duration: timedelta = timedelta(0)  # of each occurrence, in real time, not on the clock
    timezone: str = "UTC"
    service_ids: frozenset[UUID] = frozenset()
    tags: frozenset[str] = frozenset()
    ended_at: datetime | None = None  # by hand: cuts what was going on then
    heartbeat_ids: frozenset[UUID] = frozenset()
    exdates: frozenset[datetime] = frozenset()  # starts of occurrences that are skipped


def parse(
    *,
    starts_at: datetime | None,
    ends_at: datetime | None = None,
    recurrence: str | None = None,
    duration_minutes: int | None = None,
    timezone: str = "UTC",
    service_ids: Collection[UUID] = (),
    tags: Collection[str] = (),
    ended_at: datetime | None = None,
    heartbeat_ids: Collection[UUID] = (),
    exdates: Collection[datetime] = (),
) -> MaintenanceWindow:
    """Return the window of these fields. Raises WindowError with the field at fault.

    A recurring window without `duration_minutes` lasts as long as its first occurrence, from
    `starts_at` to `ends_at` (DTSTART and DTEND of RFC 5545); with it, `ends_at` ends the series.
    """
    if starts_at is None:
        raise WindowError("starts_at", "say when the window begins")
    for field, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
        if moment is not None and moment.utcoffset() is None:
            raise WindowError(field, "a time needs its offset, like 2026-03-02T02:00:00Z")
        if moment is not None and moment.year not in _YEARS:
            raise WindowError(field, "this time is out of range")
    if ends_at is not None and ends_at <= starts_at:
        raise WindowError("ends_at", "a window ends after it begins")
    try:
        timezones.zone(timezone)
    except ValueError as error:
        raise WindowError("timezone", str(error)) from None
    scope = (
        timezone,
        frozenset(service_ids),
        frozenset(tags),
        ended_at,
        frozenset(heartbeat_ids),
        frozenset(exdates),
    )
    if recurrence is None:
        if exdates:
            raise WindowError("exdates", "only a window that recurs has occurrences to skip")
        if ends_at is None:
            raise WindowError("ends_at", "say when the window ends, or how it recurs")
        if duration_minutes is not None:
            raise WindowError("duration_minutes", "only a window that recurs has a duration")
        return MaintenanceWindow(starts_at, ends_at, None, ends_at - starts_at, *scope)
    duration, last = _duration(starts_at, ends_at, duration_minutes)
    try:
        rule = recurrence_parse.parse(recurrence, timezone)
    except RecurrenceError as error:
        raise WindowError("recurrence", str(error)) from None
    return MaintenanceWindow(starts_at, last, rule, duration, *scope)


def _duration(
    starts_at: datetime, ends_at: datetime | None, minutes: int | None
) -> tuple[timedelta, datetime | None]:
    longest = timedelta(minutes=MAX_DURATION_MINUTES)
    if minutes is not None:
        if not 1 <= minutes <= MAX_DURATION_MINUTES:
            raise WindowError("duration_minutes", f"from 1 to {MAX_DURATION_MINUTES} minutes")
        return timedelta(minutes=minutes), ends_at
    if ends_at is None:
        raise WindowError("duration_minutes", "say how long each window lasts")
    if ends_at - starts_at > longest:
        raise WindowError("ends_at", "a window that recurs lasts 31 days at most")
    return ends_at - starts_at, None


def check(window: MaintenanceWindow) -> None:
    """Raise WindowError for a new window that never comes, or that would never let go."""
    if window.recurrence is None:
        return
    first = list(islice(_series(window, window.starts_at - timedelta(seconds=1)), _LOOKED_AT))
    if not first:
        raise WindowError("recurrence", "this recurrence never comes true")
    if len(first) == _LOOKED_AT and all(b.starts_at <= a.ends_at for a, b in pairwise(first)):
        raise WindowError("duration_minutes", "each window lasts until the next one begins")


def default_start(created_at: datetime, timezone: str) -> datetime:
    """Return where a recurrence without `starts_at` starts from: the midnight before."""
    tz = timezones.zone(timezone)
    midnight = datetime.combine(timezones.wall_time(created_at, tz).date(), time())
    return timezones.instant(midnight, tz)


def occurrence_at(window: MaintenanceWindow, at: datetime) -> Occurrence | None:
    """Return the occurrence that a moment lies in, of several the one that ends last."""
    if window.recurrence is None:
        occurrences = iter([_cut(window, window.starts_at)])
    else:
        occurrences = _series(window, at - window.duration, at)
    around = [found for found in occurrences if found.starts_at <= at < found.ends_at]
    return max(around, key=lambda found: found.ends_at, default=None)


def next_occurrence(window: MaintenanceWindow, after: datetime) -> Occurrence | None:
    """Return the first occurrence that starts after a moment; None if there is none."""
    if window.recurrence is not None:
        return _next_of_series(window, after)
    found = _cut(window, window.starts_at)
    return found if found.starts_at > after and found.ends_at > found.starts_at else None


def _next_of_series(window: MaintenanceWindow, after: datetime) -> Occurrence | None:
    """Return the next occurrence; until it begins it stays the next, and is not looked for again.

    That there is none within the horizon is believed for a day.
    """
    known = _known_next(window)
    for since, until, occurrence in known:
        if since <= after < until:
            return occurrence
    result = next((o for o in _series(window, after) if o.starts_at > after), None)
    known[:] = [(after, result.starts_at if result else after + _A_DAY, result)]
    return result


@lru_cache(maxsize=_REMEMBERED)
def _known_next(_window: MaintenanceWindow) -> list[tuple[datetime, datetime, Occurrence | None]]:
    """Return a place to remember the next occurrence of a window, with the times it is that."""
    return []


def status(window: MaintenanceWindow, now: datetime) -> WindowStatus:
    """Return where a window stands; between two occurrences it is scheduled."""
    if occurrence_at(window, now) is not None:
        return WindowStatus.ACTIVE
    return WindowStatus.SCHEDULED if next_occurrence(window, now) else WindowStatus.ENDED


def next_change_at(window: MaintenanceWindow, now: datetime) -> datetime | None:
    """Return the next end or start, whichever comes first; None when all is over."""
    current, following = occurrence_at(window, now), next_occurrence(window, now)
    moments = [current.ends_at] if current else []
    return min([*moments, following.starts_at] if following else moments, default=None)


def covers(window: MaintenanceWindow, watched_id: UUID, tags: Collection[str]) -> bool:
    """Say whether a service or a heartbeat is meant: by id, by a tag, or as a window names none."""
    if not window.service_ids and not window.heartbeat_ids and not window.tags:
        return True
    is_named = watched_id in window.service_ids or watched_id in window.heartbeat_ids
    return is_named or not window.tags.isdisjoint(tags)


def is_over(window: MaintenanceWindow, now: datetime) -> bool:
    """Say whether a window does nothing any more: it is not active, and does not come again."""
    return occurrence_at(window, now) is None and next_occurrence(window, now) is None


def _series(
    window: MaintenanceWindow, since: datetime, to: datetime | None = None
) -> Iterator[Occurrence]:
    """Yield the occurrences that start around [since, to], in order, perhaps some before."""
    assert window.recurrence is not None
    tz = timezones.zone(window.timezone)
    first = timezones.wall_time(window.starts_at, tz).replace(microsecond=0)
    begin = timezones.wall_time(since, tz) - _LARGEST_JUMP
    end = None if to is None else timezones.wall_time(to, tz) + _LARGEST_JUMP
    for wall in recurrence_expand.starts(window.recurrence, first, begin, end):
        occurrence = _cut(window, timezones.instant(wall, tz))
        if window.ends_at is not None and occurrence.starts_at >= window.ends_at:
            return
        if occurrence.starts_at not in window.exdates:
            yield occurrence


def _cut(window: MaintenanceWindow, starts_at: datetime) -> Occurrence:
    ends = [starts_at + window.duration]
    if window.ends_at is not None:
        ends.append(window.ends_at)
    if window.ended_at is not None and (window.recurrence is None or starts_at < window.ended_at):
        ends.append(max(window.ended_at, starts_at))
    return Occurrence(starts_at, min(ends))
