"""Months, and when their reports are due."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.metrics.local_days import midnight
from app.domain.metrics.months import due_month, last_month, month_after, month_before, window

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")


@pytest.mark.parametrize(
    ("zone", "now", "month"),
    [
        # August 2026 begins on a Saturday: the first business day is Monday, the 3rd.
        (BERLIN, datetime(2026, 8, 3, 5, 59, tzinfo=UTC), date(2026, 6, 1)),
        (BERLIN, datetime(2026, 8, 3, 6, 0, tzinfo=UTC), date(2026, 7, 1)),
        (BERLIN, datetime(2026, 8, 1, 12, 0, tzinfo=UTC), date(2026, 6, 1)),
        (BERLIN, datetime(2026, 8, 31, 12, 0, tzinfo=UTC), date(2026, 7, 1)),
        # January: the 1st of 2027 is a Friday, whatever is celebrated.
        (KATHMANDU, datetime(2027, 1, 1, 2, 14, tzinfo=UTC), date(2026, 11, 1)),
        (KATHMANDU, datetime(2027, 1, 1, 2, 15, tzinfo=UTC), date(2026, 12, 1)),
        # Here it is the 1st already, there not yet.
        (ZoneInfo("Pacific/Auckland"), datetime(2026, 8, 31, 21, 0, tzinfo=UTC), date(2026, 8, 1)),
        (ZoneInfo("America/Los_Angeles"), datetime(2026, 9, 1, 5, 0, tzinfo=UTC), date(2026, 7, 1)),
    ],
)
def test_a_report_is_due_on_the_first_business_day(zone, now, month):
    assert due_month(now, zone) == month


def test_a_month_lies_between_local_midnights():
    since, until = window(date(2026, 3, 1), BERLIN)
    assert since == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert until == datetime(2026, 3, 31, 22, tzinfo=UTC)  # the clocks went forward within


# Without a midnight on some days, with two on others, skipping whole days, and far from UTC.
ODD_ZONES = (
    "America/Santiago", "Asia/Beirut", "Africa/Cairo", "America/Havana", "America/Asuncion",
    "Asia/Gaza", "America/Scoresbysund", "Pacific/Apia", "Pacific/Kwajalein", "Asia/Amman",
    "Pacific/Kiritimati", "Etc/GMT+12", "Australia/Lord_Howe", "Asia/Kathmandu",
)  # fmt: skip


@pytest.mark.parametrize("name", ODD_ZONES)
def test_a_month_is_every_moment_of_its_days_and_no_other(name):
    zone, second = ZoneInfo(name), timedelta(seconds=1)
    month = date(2010, 12, 1)
    while month < date(2030, 1, 1):
        since, until = window(month, zone)
        assert since.astimezone(zone).date() == month
        assert (until - second).astimezone(zone).date() == month_after(month) - timedelta(days=1)
        assert (since - second).astimezone(zone).date() < month
        assert (until, month_before(month_after(month))) == (
            window(month_after(month), zone)[0],
            month,
        )
        assert last_month(until, zone) == month == last_month(until + 20 * timedelta(days=1), zone)
        assert last_month(until - second, zone) == month_before(month)
        month = month_after(month)


@pytest.mark.parametrize(
    ("day", "name", "begin"),
    [
        ("2026-09-06", "America/Santiago", "2026-09-06T04:00Z"),  # 00:00 is 01:00
        ("2026-03-29", "Asia/Beirut", "2026-03-28T22:00Z"),
        ("2026-11-01", "America/Havana", "2026-11-01T04:00Z"),  # 00:00 comes twice
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00Z"),  # a day that never was
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00Z"),
        ("2028-02-29", "Pacific/Kiritimati", "2028-02-28T10:00Z"),
        ("2028-03-01", "Etc/GMT+12", "2028-03-01T12:00Z"),
    ],
)
def test_a_day_begins_when_its_date_does(day, name, begin):
    found = midnight(date.fromisoformat(day), ZoneInfo(name))
    assert found == datetime.fromisoformat(begin)


def test_february_has_its_leap_day():
    since, until = window(date(2028, 2, 1), KATHMANDU)
    assert until - since == timedelta(days=29)
    assert window(date(2027, 2, 1), KATHMANDU)[1] - window(date(2027, 2, 1), KATHMANDU)[0] == (
        timedelta(days=28)
    )
