"""Points of a series against what the results of their interval say."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.metrics.plan import floor
from app.domain.metrics.status_line import SpanKind
from app.domain.metrics.totals import percentage
from app.operations.metrics import roll_up, series
from app.operations.metrics.hours import HOUR
from tests.factories import make_service
from tests.histories import random_history
from tests.partitions import make_days

SINCE = datetime(2026, 1, 30, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=2)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def story(context, alice, rows, connection, configure):
    """A random history of two days, rolled up, its results and hours still kept."""
    configure(raw_retention_days=5000, hours_retention_days=5000)
    make_days(connection, SINCE - timedelta(days=4), UNTIL)
    service_id = UUID(make_service(alice)["id"])
    rows("UPDATE services SET created_at = %s", SINCE)
    told = random_history(random.Random(31), service_id, SINCE, UNTIL)
    told.store(connection, told.results)
    told.store_rest(connection, alice.organization_id)
    rows("DELETE FROM metric_progress")
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", UNTIL, UNTIL)
    for number in range(48):
        roll_up.compute_hour(SINCE + number * HOUR)
    return told


def assert_points_are_right(told, points, width, since, until):
    by_time = {point["timestamp"]: point for point in points}
    assert len(by_time) == len(points)
    begin = floor(since, width) if width >= HOUR else since - (since - SINCE) % width
    checks = 0
    while begin < until:
        first, last = max(begin, since), min(begin + width, until)
        spent = told.seconds(first, last)
        counted = told.counted(first, last)
        point = by_time.pop(begin, None)
        if point is None:
            assert not counted
            assert spent[SpanKind.PENDING] + spent[SpanKind.PAUSED] == sum(spent.values())
        else:
            assert point["checks"] == len(counted)
            assert point["uptime_percentage"] == percentage(
                spent[SpanKind.UP], spent[SpanKind.DOWN]
            )
            checks += point["checks"]
        begin += width
    assert by_time == {}
    assert checks == len(told.counted(since, until))


def test_points_are_what_their_results_say(story):
    dice = random.Random(1)
    for minutes in (1, 5, 60, 1440) * 6:
        width = minutes * MINUTE
        first, last = sorted(dice.uniform(0, 48 * 3600) for _ in range(2))
        since, until = SINCE + timedelta(seconds=first), SINCE + timedelta(seconds=last)
        points = series.buckets(story.service_id, since, until, width)
        assert_points_are_right(story, points, width, since, until)


def test_five_minutes_are_the_same_once_their_results_are_gone(story, configure):
    width = 5 * MINUTE
    kept = {"raw_retention_days": 1, "hours_retention_days": 5000}
    configure(**kept, fives_retention_days=5000)
    points = series.buckets(story.service_id, SINCE, UNTIL, width)
    assert_points_are_right(story, points, width, SINCE, UNTIL)
    # What is no longer kept is left out, though its hours are known: zero checks would be wrong.
    configure(**kept, fives_retention_days=1)
    assert series.buckets(story.service_id, SINCE, UNTIL, width) == []
