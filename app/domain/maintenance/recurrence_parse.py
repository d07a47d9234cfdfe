"""Parser of recurrence rules: `FREQ=WEEKLY;BYDAY=SU;BYHOUR=2`, with a sentence for each fault."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.domain import timezones
from app.domain.maintenance.recurrence_expand import Frequency, Recurrence, Weekday

MAX_RULE = 500
MAX_COUNT = 1_000
MAX_A_DAY = 24

_MAX_INTERVAL = {
    Frequency.HOURLY: 8_760,
    Frequency.DAILY: 3_650,
    Frequency.WEEKLY: 520,
    Frequency.MONTHLY: 120,
    Frequency.YEARLY: 10,
}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}")
_REFUSED = frozenset(("BYYEARDAY", "BYWEEKNO", "BYEASTER"))
_CHOICES = ("BYMONTH", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS")
_KNOWN = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *_CHOICES))


class RecurrenceError(ValueError):
    """A rule that cannot be kept; the text is one sentence."""


@lru_cache(maxsize=5_000)
def parse(text: str, timezone: str) -> Recurrence:
    """Return the rule of a text whose wall times are a zone's. Raises RecurrenceError."""
    parts = _parts(text)
    frequency = _frequency(parts)
    rule = Recurrence(
        frequency,
        _one(parts, "INTERVAL", 1, _MAX_INTERVAL[frequency]) or 1,
        _several(parts, "BYMONTH", range(1, 13)),
        _several(parts, "BYMONTHDAY", range(-31, 32)),
        frozenset(_weekday(item) for item in _items(parts, "BYDAY")),
        _several(parts, "BYHOUR", range(24)),
        _several(parts, "BYMINUTE", range(60)),
        _several(parts, "BYSETPOS", range(-366, 367)),
        _DAYS.index(_choice(parts, "WKST", _DAYS) or "MO"),
        _one(parts, "COUNT", 1, MAX_COUNT),
        _until(parts, timezones.zone(timezone)),
    )
    _several(parts, "BYSECOND", range(1))
    _refuse_contradictions(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    if len(text) > MAX_RULE:
        raise RecurrenceError(f"a rule has at most {MAX_RULE} characters")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, sign, value = part.partition("=")
        if not sign or not value:
            raise RecurrenceError("write a rule like FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0")
        if name == "EXDATE":
            raise RecurrenceError("what is skipped stands in exdates, as a list of times")
        if name in _REFUSED:
            raise RecurrenceError(f"{name} is not supported")
        if name not in _KNOWN:
            raise RecurrenceError(f"a rule has no part {name[:20]!r}")
        if name in parts:
            raise RecurrenceError(f"{name} is given twice")
        parts[name] = value
    return parts


def _frequency(parts: dict[str, str]) -> Frequency:
    value = parts.get("FREQ", "")
    if value in ("SECONDLY", "MINUTELY"):
        raise RecurrenceError(f"FREQ={value} is too frequent: a window comes hourly at most")
    try:
        return Frequency(value)
    except ValueError:
        raise RecurrenceError(f"FREQ is one of {', '.join(reversed(Frequency))}") from None


def _items(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []


def _one(parts: dict[str, str], name: str, low: int, high: int) -> int | None:
    return _integer(parts[name], name, range(low, high + 1)) if name in parts else None


def _several(parts: dict[str, str], name: str, allowed: range) -> frozenset[int]:
    result = frozenset(_integer(item, name, allowed) for item in _items(parts, name))
    if allowed.start < 0 and 0 in result:
        raise RecurrenceError(f"{name} has no 0")
    return result


def _integer(text: str, name: str, allowed: range) -> int:
    if _NUMBER.fullmatch(text) is None or int(text) not in allowed:
        raise RecurrenceError(f"{name} lies between {allowed.start} and {allowed.stop - 1}")
    return int(text)


def _choice(parts: dict[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    value = parts.get(name)
    if value is not None and value not in allowed:
        raise RecurrenceError(f"{name} is one of {', '.join(allowed)}")
    return value


def _weekday(text: str) -> Weekday:
    match = _WEEKDAY.fullmatch(text)
    ordinal = int(match[1]) if match and match[1] else None
    if match is None or ordinal == 0 or abs(ordinal or 1) > 53:
        raise RecurrenceError("BYDAY names weekdays like MO, SU, 1MO or -1FR")
    return Weekday(_DAYS.index(match[2]), ordinal)


def _until(parts: dict[str, str], tz: ZoneInfo) -> datetime | None:
    if "UNTIL" not in parts:
        return None
    match = _UNTIL.fullmatch(parts["UNTIL"])
    try:
        if match is None:
            raise ValueError
        clock = match[2] or "235959"  # a date alone includes its day
        moment = datetime.strptime(match[1] + clock, "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise RecurrenceError("UNTIL is a time like 20261231T230000Z") from None
    if not 1970 <= moment.year <= 9_000:
        raise RecurrenceError("UNTIL is out of range")
    return timezones.wall_time(moment.replace(tzinfo=UTC), tz) if match[3] else moment


def _refuse_contradictions(rule: Recurrence) -> None:
    ordinals = any(day.ordinal is not None for day in rule.weekdays)
    by_month = rule.frequency in (Frequency.MONTHLY, Frequency.YEARLY)
    weekly, hourly = rule.frequency is Frequency.WEEKLY, rule.frequency is Frequency.HOURLY
    picks = bool(rule.positions)
    checks = [
        (rule.count and rule.until, "use COUNT or UNTIL, not both"),
        (ordinals and not by_month, "1MO and the like need FREQ=MONTHLY or YEARLY"),
        (weekly and rule.month_days, "BYMONTHDAY does not go with FREQ=WEEKLY"),
        (picks and not (rule.weekdays or rule.month_days), "BYSETPOS needs BYDAY or BYMONTHDAY"),
        (picks and hourly, "BYSETPOS does not go with FREQ=HOURLY"),
        (_a_day(rule) > MAX_A_DAY, f"more than {MAX_A_DAY} windows a day are too many"),
    ]
    for is_wrong, sentence in checks:
        if is_wrong:
            raise RecurrenceError(sentence)


def _a_day(rule: Recurrence) -> int:
    hours = len(rule.hours) or (24 if rule.frequency is Frequency.HOURLY else 1)
    return hours * (len(rule.minutes) or 1)
