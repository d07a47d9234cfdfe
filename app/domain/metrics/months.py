"""Months of a time zone, and when the report of one is sent."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain.metrics.local_days import midnight

_HOUR_OF_DAY = 8
_SATURDAY = 5


def month_before(month: date) -> date:
    """Return the first day of the month before the one that a day is in."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def window(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the local midnights, in UTC, between which a month lies."""
    following = (month.replace(day=1) + timedelta(days=31)).replace(day=1)
    return midnight(month.replace(day=1), zone), midnight(following, zone)


def last_month(now: datetime, zone: ZoneInfo) -> date:
    """Return the first day of the last month that is over."""
    return month_before(now.astimezone(zone).date())


def due_month(now: datetime, zone: ZoneInfo) -> date:
    """Return the newest month whose report is due, by its first day.

    A report is due at eight on the first business day (Monday to Friday) of the month after it.
    """
    local = now.astimezone(zone)
    first = local.date().replace(day=1)
    while first.weekday() >= _SATURDAY:
        first += timedelta(days=1)
    over = last_month(now, zone)
    is_due = (local.date(), local.hour) >= (first, _HOUR_OF_DAY)
    return over if is_due else month_before(over)
