"""Months of a time zone, and when the report of one is sent."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.metrics.local_days import midnight

_TIME_OF_DAY = time(8)
_SATURDAY = 5


def month_before(month: date) -> date:
    """Return the first day of the month before the one that a day is in."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_after(month: date) -> date:
    """Return the first day of the month after the one that a day is in."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def window(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the local midnights, in UTC, between which a month lies."""
    return midnight(month.replace(day=1), zone), midnight(month_after(month), zone)


def last_month(now: datetime, zone: ZoneInfo) -> date:
    """Return the first day of the last month that is over."""
    return month_before(now.astimezone(zone).date())


def due_month(now: datetime, zone: ZoneInfo) -> date:
    """Return the newest month whose report is due, by its first day."""
    over = last_month(now, zone)
    return over if due_at(over, zone) <= now else month_before(over)


def due_at(month: date, zone: ZoneInfo) -> datetime:
    """Return when the report of a month is due, in UTC.

    At eight on the first business day (Monday to Friday) of the month after it.
    """
    first = month_after(month)
    while first.weekday() >= _SATURDAY:
        first += timedelta(days=1)
    return datetime.combine(first, _TIME_OF_DAY, zone).astimezone(UTC)
