"""Local days, whose clocks go forward and back, and which may begin at an odd minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.domain.metrics.local_days import day_begins


@pytest.mark.parametrize(
    ("zone", "last", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 30), [24, 23, 24]),
        ("Europe/Berlin", date(2026, 10, 26), [24, 25, 24]),
        ("Australia/Lord_Howe", date(2026, 4, 6), [24, 24.5, 24]),
        ("Australia/Lord_Howe", date(2026, 10, 5), [24, 23.5, 24]),
        ("Asia/Kathmandu", date(2026, 3, 30), [24, 24, 24]),
        ("Pacific/Apia", date(2011, 12, 31), [24, 0, 24]),  # the 30th was skipped
        ("Africa/Cairo", date(2024, 4, 27), [24, 23, 24]),  # midnight itself is skipped
        ("America/Havana", date(2024, 11, 4), [24, 25, 24]),  # midnight comes twice
    ],
)
def test_how_long_days_are(zone, last, hours):
    begins = day_begins(last, 3, ZoneInfo(zone))
    assert [(end - begin) / timedelta(hours=1) for begin, end in pairwise(begins)] == hours


def test_days_begin_at_the_local_midnight():
    (begin, _) = day_begins(date(2026, 3, 30), 1, ZoneInfo("Asia/Kathmandu"))
    assert begin == datetime(2026, 3, 29, 18, 15, tzinfo=UTC)
