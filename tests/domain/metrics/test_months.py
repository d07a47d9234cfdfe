"""Months, and when their reports are due."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.domain.metrics.months import due_month, window

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
