"""Quiet hours of a channel, and what is sent all the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain import timezones
from app.domain.messages.events import SEVERITIES, is_at_least


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A stretch of every day in local wall time; `until` may lie on the next day."""

    timezone: str
    since: int  # minutes of the day
    until: int
    min_severity: str = "critical"  # from here on, sent all the same


def parse(source: Mapping[str, Any]) -> QuietHours:
    """Return the quiet hours of {timezone, from, to, min_severity}. Raises ValueError."""
    timezone = str(source.get("timezone") or "UTC")
    timezones.zone(timezone)
    since = timezones.minutes_of_day(str(source.get("from")))
    until = timezones.minutes_of_day(str(source.get("to")))
    if since % (24 * 60) == until % (24 * 60):
        raise ValueError("quiet hours end at another time than they begin")
    severity = str(source.get("min_severity") or "critical")
    if severity not in SEVERITIES:
        raise ValueError(f"choose one of {', '.join(SEVERITIES)}")
    return QuietHours(timezone, since % (24 * 60), until, severity)


def quiet_until(quiet: QuietHours, now: datetime) -> datetime | None:
    """Return when the quiet period that lies around `now` ends; None outside of one."""
    tz = timezones.zone(quiet.timezone)
    today = timezones.wall_time(now, tz).date()
    # Compared by instants: in the hour that comes twice a clock time says nothing, and where that
    # hour lies around midnight, neither does the date.
    for days in (-1, 0, 1):
        day = today + timedelta(days=days)
        begin, end = timezones.daily_span(day, quiet.since, quiet.until, tz)
        if begin <= now < end:
            return end
    return None


def deferred_until(quiet: QuietHours, severity: str, now: datetime) -> datetime | None:
    """Return until when a notification of a severity waits; None: it is sent now."""
    if is_at_least(severity, quiet.min_severity):
        return None
    return quiet_until(quiet, now)
