"""Cron expressions: the forms that are known, and the instants they name in a time zone.

The library enumerates wall times; what these are in a zone is decided here, because it loses runs
where a clock changes by less than an hour. The rules are those of Debian's cron(8): a job at a
fixed wall time runs once, right after the jump where its time is skipped, the first time where it
comes twice; jobs with `*` in minute or hour follow the clock as it goes.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from app.domain import timezones

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EXAMPLES = {
    "minute": "0-59, */5 or 0,30",
    "hour": "0-23, */6 or 8-18",
    "day-of-month": "1-31, L (the last day) or LW (the last weekday)",
    "month": "1-12 or JAN-DEC",
    "day-of-week": "0-7 (0 and 7 are Sunday), MON-FRI, SUN#1 (the first) or 5L (the last Friday)",
}
_FIELDS = tuple(_EXAMPLES)
_DAYS = {name: at for at, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_RANGE = re.compile(r"([a-z]{3}|[0-7])-([a-z]{3}|[0-7])(?:/([1-7]))?", re.IGNORECASE)
_LAST = re.compile(r"([a-z]{3})L", re.IGNORECASE)
_LONGEST_CHANGE = timedelta(hours=25)  # a zone that crosses the date line loses a day


class CronError(ValueError):
    """An expression that is not known; the text names the field and an example."""


def normalize(text: str) -> str:
    """Return an expression of five fields as the library reads it. Raises CronError.

    Known besides the fields of crontab(5): `@daily` and its like, `?`, weekdays that run over the
    end of the week (`fri-sun`), the last one of a month (`5L`, `friL`), `SUN#1`, and `L` and `LW`.
    """
    if text.startswith("@"):
        if text.lower() not in _NICKNAMES:
            raise CronError(f"{text} is not known; write one of {', '.join(_NICKNAMES)}")
        return _NICKNAMES[text.lower()]
    fields = text.split(" ")
    if fields[0].upper().startswith(("TZ=", "CRON_TZ=")):
        raise CronError(f"write the time zone of {fields[0]} into the field timezone")
    if len(fields) != len(_FIELDS):
        seconds = "; seconds are not known" if len(fields) > len(_FIELDS) else ""
        raise CronError(
            "write every 5m, or a cron expression of five fields: minute hour day month weekday"
            f"{seconds}"
        )
    for place in (2, 4):
        fields[place] = "*" if fields[place] == "?" else fields[place]
    fields[4] = ",".join(map(_weekdays, fields[4].split(",")))
    expression = " ".join(fields)
    try:
        CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise CronError(_explain(error, text.split(" "))) from None
    return expression


def _explain(error: CronSimError, fields: list[str]) -> str:
    for at, (name, written) in enumerate(zip(_FIELDS, fields, strict=True)):
        if name in str(error):
            if at == 2 and _is_known(["*", "*", written, "*", "*"]):
                return f"cron: day {written} does not come in month {fields[3]}"
            return f"cron: bad {name} {written!r}; write {_EXAMPLES[name]}"
    return f"cron: {error}"


def _is_known(fields: list[str]) -> bool:
    try:
        CronSim(" ".join(fields), datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True


def _weekdays(part: str) -> str:
    """Return a part of the weekday field with ranges over the end of the week written out."""
    last = _LAST.fullmatch(part)
    if last is not None and last[1].lower() in _DAYS:
        return f"{_DAYS[last[1].lower()]}L"
    found = _RANGE.fullmatch(part)
    if found is None:
        return part
    begin, end = (_day(name) for name in found.group(1, 2))
    if begin is None or end is None or begin <= end:
        return part
    days = [day % 7 for day in range(begin, end + 8, int(found[3] or 1))]
    return ",".join(map(str, sorted(set(days))))


def _day(name: str) -> int | None:
    return int(name) if name.isdecimal() else _DAYS.get(name.lower())


def following(expression: str, zone: str, after: datetime) -> datetime | None:
    """Return the first instant after `after`, strictly, that an expression names (UTC).

    None where there is none within the 50 years that the library looks ahead.
    """
    tz = timezones.zone(zone)
    begin = timezones.wall_time(after, tz)
    try:
        first = next(_walls(expression, begin))
    except StopIteration:
        return None
    if zone == "UTC":
        return first.replace(tzinfo=UTC)
    if _is_plain(begin, tz) and _is_plain(first, tz):
        return timezones.instant(first, tz)
    repeats = any(field.startswith("*") for field in expression.split(" ")[:2])
    result: datetime | None = None
    for wall in _walls(expression, begin - _LONGEST_CHANGE):
        for instant in _occurrences(wall, tz, repeats=repeats):
            if instant > after and (result is None or instant < result):
                result = instant
        if result is not None and wall > timezones.wall_time(result, tz) + _LONGEST_CHANGE:
            break
    return result


def _walls(expression: str, begin: datetime) -> Iterator[datetime]:
    """Yield the wall times after one, in order: in UTC the library knows no change of clocks."""
    found = CronSim(expression, begin.replace(tzinfo=UTC))
    return (moment.replace(tzinfo=None) for moment in found)


def _is_plain(wall: datetime, tz: ZoneInfo) -> bool:
    """Say whether a wall time comes once: no change of the clock skips or repeats it."""
    return len(_occurrences(wall, tz, repeats=True)) == 1


def _occurrences(wall: datetime, tz: ZoneInfo, *, repeats: bool) -> tuple[datetime, ...]:
    """Return the instants of a wall time: none, one or two where a job follows the clock."""
    if not repeats:
        return (timezones.instant(wall, tz),)
    both = (wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1))
    return tuple(
        dict.fromkeys(at for at in both if at.astimezone(tz).replace(tzinfo=None, fold=0) == wall)
    )
