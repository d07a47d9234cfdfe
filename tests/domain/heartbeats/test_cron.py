"""Cron in zones with odd changes of the clock, against a look at every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.heartbeats.schedules import next_expected, parse

ODD = [
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/New_York",
]


def minute_by_minute(expression, zone, begin, end):
    """Return every instant that clocks on the wall name, looking at each minute of a time."""
    minutes, hours = ({int(part) for part in field.split(",")} for field in expression)
    found, at, tz = [], begin, ZoneInfo(zone)
    while at < end:
        wall = at.astimezone(tz)
        if wall.minute in minutes and wall.hour in hours:
            found.append(at)
        at += timedelta(minutes=1)
    return found


@pytest.mark.parametrize("zone", ODD)
@pytest.mark.parametrize("month", [2, 3, 4, 10, 11])
def test_jobs_that_follow_the_clock_agree_with_every_minute_of_a_month(zone, month):
    begin = datetime(2026, month, 1, tzinfo=UTC)
    end = begin + timedelta(days=35)
    every_six_hours = ["0", "0,6,12,18"]
    expected = minute_by_minute(every_six_hours, zone, begin, end)
    schedule, moment, found = parse("0 */6 * * *", zone), begin - timedelta(minutes=1), []
    while (moment := next_expected(schedule, moment)) < end:
        found.append(moment)
    assert found == expected
