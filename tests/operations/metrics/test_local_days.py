"""Uptime of local days against reckoning from the results, in zones with odd days."""

import random
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.domain.metrics.local_days import midnight
from app.domain.metrics.plan import floor
from app.domain.metrics.status_line import SpanKind
from app.operations.metrics import hours, partitions
from app.operations.metrics.hours import HOUR
from app.operations.metrics.local_days import daily_uptime
from app.platform.transaction import transaction
from tests.factories import make_service
from tests.histories import random_history
from tests.partitions import make_days

DAYS = 4
NOT_ROLLED_UP = 3  # hours before the present


@pytest.fixture
def story(context, alice, rows, connection):
    """A function that tells five days up to a moment, nearly all of them rolled up."""
    service_id = UUID(make_service(alice)["id"])

    def make(now):
        since, done = floor(now, HOUR) - 5 * 24 * HOUR, floor(now, HOUR) - NOT_ROLLED_UP * HOUR
        make_days(connection, since - timedelta(days=4), now)
        rows("UPDATE services SET created_at = %s", since)
        history = random_history(random.Random(now.toordinal()), service_id, since, now)
        history.store_rest(connection, alice.organization_id)
        history.store(connection, history.results)
        told = [(service_id, since + number * HOUR) for number in range((done - since) // HOUR)]
        for moment in (since, done):
            partitions.ensure(moment)
        with transaction() as tx:  # at once: each statement is planned for all these partitions
            hours.compute(tx, told)
        rows("INSERT INTO metric_progress VALUES (true, %s, %s)", done, done)
        return history

    return make


def assert_days_are_right(history, zone, now):
    """Compare days with the results, and return them."""
    with transaction() as tx:
        days = daily_uptime(tx, [history.service_id], zone, DAYS, now)[history.service_id]
    assert [later.since for _, later in pairwise(days)] == [day.until for day in days[:-1]]
    for day in days:
        reckoned = history.seconds(day.since, day.until)
        spent = day.milliseconds
        assert (spent.up, spent.down) == (reckoned[SpanKind.UP], reckoned[SpanKind.DOWN])
        assert (spent.unknown, spent.paused) == (
            reckoned[SpanKind.UNKNOWN],
            reckoned[SpanKind.PAUSED],
        )
        assert spent.maintenance == reckoned[SpanKind.MAINTENANCE]
    return days


@pytest.mark.parametrize(
    ("zone", "last", "lengths"),
    [
        ("Europe/Berlin", date(2026, 3, 31), [24, 23, 24]),
        ("Europe/Berlin", date(2025, 10, 28), [24, 25, 24]),
        ("Australia/Lord_Howe", date(2026, 4, 7), [24, 24.5, 24]),
        ("Australia/Lord_Howe", date(2025, 10, 7), [24, 23.5, 24]),
        ("Asia/Kathmandu", date(2026, 3, 31), [24, 24, 24]),
        ("Pacific/Apia", date(2012, 1, 1), [24, 0, 24]),  # 2011-12-30 was skipped
        ("America/Santiago", date(2025, 9, 9), [24, 23, 24]),  # the 7th has no midnight
        ("Pacific/Kiritimati", date(2024, 3, 2), [24, 24, 24]),  # a leap day, at +14
    ],
)
def test_days_are_what_results_say(story, zone, last, lengths):
    now = midnight(last, ZoneInfo(zone)) + timedelta(hours=7, minutes=13)
    days = assert_days_are_right(story(now), zone, now)
    found = [(day.until - day.since) / HOUR for day in days]
    assert found == [*lengths, pytest.approx(7 + 13 / 60)]
    assert [day.day for day in days] == [last - timedelta(days=back) for back in (3, 2, 1, 0)]
    assert any(day.milliseconds.up for day in days)


def test_another_zone_cuts_the_same_history_elsewhere(story):
    """A change of zone needs nothing computed again: no local day is stored."""
    now = midnight(date(2026, 3, 31), ZoneInfo("UTC")) + timedelta(hours=20)
    history = story(now)
    for zone in ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"):
        assert_days_are_right(history, zone, now)
