"""Recurrence rules (RFC 5545, section 3.3.10) over local wall time, for any stretch of it.

The rule is expanded one period at a time (hour, day, week, month, year), and only the periods
asked for, so that a rule of any age costs the same and one that never comes true ends the search.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice

HORIZON = timedelta(days=30 * 366)
_HOURLY_HORIZON = timedelta(days=5 * 366)
_LAST_YEAR = 9_900  # far from where dates end
_DAY = timedelta(days=1)


class Frequency(StrEnum):
    """The period a rule repeats by."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day of the week (Monday is 0); with an ordinal, the nth of its month or year."""

    weekday: int
    ordinal: int | None = None  # negative: from the end


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule as read. Empty: the part is not given, and follows from the first occurrence."""

    frequency: Frequency
    interval: int = 1
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()  # negative: from the end
    weekdays: frozenset[Weekday] = frozenset()
    hours: frozenset[int] = frozenset()
    minutes: frozenset[int] = frozenset()
    positions: frozenset[int] = frozenset()  # BYSETPOS
    week_start: int = 0
    count: int | None = None
    until: datetime | None = None  # wall time, inclusive


def starts(
    rule: Recurrence, first: datetime, since: datetime, to: datetime | None = None
) -> Iterator[datetime]:
    """Yield, in order, the wall times at which a rule comes true from `since` up to `to`.

    `first` is the wall time the rule starts from (DTSTART). Without `to`, up to the rule's end,
    and at most 30 years on (5 for an hourly rule).
    """
    horizon = _HOURLY_HORIZON if rule.frequency is Frequency.HOURLY else HORIZON
    since = max(since, first)
    if since.year > _LAST_YEAR:
        return
    ends = [end for end in (to, _end(rule, first), since + horizon) if end is not None]
    yield from _between(rule, first, since, min(ends))


def _between(
    rule: Recurrence, first: datetime, since: datetime, to: datetime
) -> Iterator[datetime]:
    origin, last = _period(rule, first), _period(rule, to)
    number = _period(rule, since)
    number += (origin - number) % rule.interval
    while number <= last:
        for moment in _chosen(rule, first, number):
            if moment > to:
                return
            if moment >= since:
                yield moment
        number = max(number + rule.interval, _next_that_may_match(rule, number))
        number += (origin - number) % rule.interval


def _next_that_may_match(rule: Recurrence, number: int) -> int:
    """Return the first period after one of hours or days that its month and day do not rule out.

    An hourly rule for one day in four years has 35,000 periods to the next one.
    """
    if rule.frequency not in (Frequency.HOURLY, Frequency.DAILY):
        return number
    a_day = 24 if rule.frequency is Frequency.HOURLY else 1
    day = date.fromordinal(number // a_day)
    if rule.months and day.month not in rule.months:
        day = _end_of_month(day)
    elif _matches(rule, day):
        return number
    return (day.toordinal() + 1) * a_day


def _end(rule: Recurrence, first: datetime) -> datetime | None:
    if rule.count is not None:
        return _last_of_count(rule, first)
    return rule.until


@lru_cache(maxsize=2_000)
def _last_of_count(rule: Recurrence, first: datetime) -> datetime | None:
    horizon = first + (_HOURLY_HORIZON if rule.frequency is Frequency.HOURLY else HORIZON)
    counted = list(islice(_between(rule, first, first, horizon), rule.count))
    return counted[-1] if len(counted) == rule.count else None


def _period(rule: Recurrence, moment: datetime) -> int:
    """Return the number of the period a moment lies in."""
    match rule.frequency:
        case Frequency.HOURLY:
            return moment.toordinal() * 24 + moment.hour
        case Frequency.DAILY:
            return moment.toordinal()
        case Frequency.WEEKLY:
            return (moment.toordinal() - 1 - rule.week_start) // 7
        case Frequency.MONTHLY:
            return moment.year * 12 + moment.month - 1
        case Frequency.YEARLY:
            return moment.year


def _chosen(rule: Recurrence, first: datetime, number: int) -> list[datetime]:
    """Return the moments of one period, in order."""
    minutes = sorted(rule.minutes) or [first.minute]
    if rule.frequency is Frequency.HOURLY:
        day, hour = date.fromordinal(number // 24), number % 24
        if (rule.hours and hour not in rule.hours) or not _matches(rule, day):
            return []
        return [_at(day, hour, minute, first) for minute in minutes]
    hours = sorted(rule.hours) or [first.hour]
    moments = [
        _at(day, hour, minute, first)
        for day in _days(rule, first, number)
        for hour in hours
        for minute in minutes
    ]
    if not rule.positions:
        return moments
    size = len(moments)
    places = {place - 1 if place > 0 else size + place for place in rule.positions}
    return [moments[place] for place in sorted(places) if 0 <= place < size]


def _at(day: date, hour: int, minute: int, first: datetime) -> datetime:
    return datetime.combine(day, time(hour, minute, first.second))


def _days(rule: Recurrence, first: datetime, number: int) -> list[date]:
    match rule.frequency:
        case Frequency.WEEKLY:
            begin = date.fromordinal(number * 7 + 1 + rule.week_start)
            week = [begin + _DAY * day for day in range(7)]
            if rule.weekdays:
                return [day for day in week if _matches(rule, day)]
            return [day for day in week if day.weekday() == first.weekday() and _matches(rule, day)]
        case Frequency.MONTHLY:
            return _days_of_month(rule, first, number // 12, number % 12 + 1)
        case Frequency.YEARLY:
            has_days = rule.month_days or rule.weekdays
            months = sorted(rule.months) or (range(1, 13) if has_days else [first.month])
            return [day for m in months for day in _days_of_month(rule, first, number, m)]
        case _:
            day = date.fromordinal(number)
            return [day] if _matches(rule, day) else []


def _days_of_month(rule: Recurrence, first: datetime, year: int, month: int) -> list[date]:
    if rule.months and month not in rule.months:
        return []
    begin = date(year, month, 1)
    size = _end_of_month(begin).day
    if rule.month_days:
        numbers = {day if day > 0 else size + 1 + day for day in rule.month_days}
    else:
        numbers = set(range(1, size + 1)) if rule.weekdays else {first.day}
    days = [begin.replace(day=day) for day in sorted(numbers) if 1 <= day <= size]
    return [day for day in days if _matches(rule, day)]


def _matches(rule: Recurrence, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days:
        from_end = day.day - _end_of_month(day).day - 1
        if day.day not in rule.month_days and from_end not in rule.month_days:
            return False
    return not rule.weekdays or any(_is_weekday(rule, wanted, day) for wanted in rule.weekdays)


def _is_weekday(rule: Recurrence, wanted: Weekday, day: date) -> bool:
    if day.weekday() != wanted.weekday:
        return False
    if wanted.ordinal is None:
        return True
    # Of the year only where the rule names no month (RFC 5545, BYDAY, note 2).
    in_year = rule.frequency is Frequency.YEARLY and not rule.months
    begin = date(day.year, 1, 1) if in_year else day.replace(day=1)
    end = date(day.year, 12, 31) if in_year else _end_of_month(day)
    if wanted.ordinal > 0:
        return (day - begin).days // 7 + 1 == wanted.ordinal
    return -((end - day).days // 7 + 1) == wanted.ordinal


def _end_of_month(day: date) -> date:
    return (day.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY
