"""Local wall time: zones by name, and the instants that wall times stand for."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
# What the files on a machine also answer to, but which is no zone that means the same elsewhere.
_LOCAL_NAMES = frozenset(("localtime", "posixrules", "Factory"))
_LOCAL_FOLDERS = ("posix/", "right/")
CLOCK_PATTERN = r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00"
_CLOCK = re.compile(CLOCK_PATTERN)
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1_000)
def zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name. Raises ValueError with a sentence."""
    is_shared = name not in _LOCAL_NAMES and not name.startswith(_LOCAL_FOLDERS)
    if is_shared and len(name) <= 64 and _NAME.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # no such file, a folder, not a zone, no such key
            pass
    raise ValueError(f"{name[:64]!r} is not a time zone; write one like Europe/Berlin or UTC")


def instant(wall: datetime, tz: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall time without a zone.

    A wall time that comes twice is its first occurrence; one that is skipped is the moment right
    after the jump (the rule of ISC cron).
    """
    result = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if result.astimezone(tz).replace(tzinfo=None) == wall:
        return result
    # PEP 495: inside a gap, fold 1 lies before the jump and fold 0 behind it.
    before, behind = wall.replace(tzinfo=tz, fold=1).astimezone(UTC), result
    offset = before.astimezone(tz).utcoffset()
    while behind - before > _SECOND:
        middle = before + (behind - before) / 2
        if middle.astimezone(tz).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return behind.replace(microsecond=0)


def wall_time(moment: datetime, tz: ZoneInfo) -> datetime:
    """Return what clocks in a zone show at an instant, without a zone."""
    return moment.astimezone(tz).replace(tzinfo=None, fold=0)


def minutes_of_day(clock: str) -> int:
    """Return the minutes since midnight of a clock time 00:00–24:00. Raises ValueError."""
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError(f"{clock[:20]!r} is not a time of day; write one like 22:00")
    return 24 * 60 if match[1] is None else int(match[1]) * 60 + int(match[2])


def wall(day: date, minutes: int) -> datetime:
    """Return the wall time so many minutes after a day's midnight on the clock."""
    return datetime.combine(day, time()) + timedelta(minutes=minutes)


def daily_span(day: date, begin: int, end: int, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants between two clock times (minutes of the day) that begins on a day.

    An end that is not after the beginning lies on the next day. Where a jump of the clock skips
    one of them it is the moment right after, so that a span may be empty.
    """
    days = 1 if end <= begin else 0
    return instant(wall(day, begin), tz), instant(wall(day + timedelta(days=days), end), tz)
