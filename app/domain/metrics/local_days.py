"""The days of a time zone, which have 23, 24 or 25 hours, or half an hour more or less."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a local day begins, in UTC; where clocks skip midnight, when they go on."""
    # zoneinfo reads a local time that does not exist by the offset before the gap.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_begins(last: date, days: int, zone: ZoneInfo) -> list[datetime]:
    """Return the begins of so many local days up to `last`, and its end: one moment more."""
    return [midnight(last - timedelta(days=back), zone) for back in range(days - 1, -2, -1)]
