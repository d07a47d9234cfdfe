"""Figures of a service by region against its results."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from math import ceil
from uuid import UUID

import pytest

from app.operations.checks import retention
from app.operations.metrics import regions, roll_up
from app.operations.metrics.hours import HOUR
from tests.factories import make_service
from tests.histories import random_history
from tests.partitions import make_days
from tests.times import iso

SINCE = datetime(2026, 1, 30, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=8)
ROWS = "SELECT * FROM metric_region_hours ORDER BY service_id, at, region"


@pytest.fixture
def history(context, alice, rows, connection, configure):
    """A random history of eight hours, checked from several regions."""
    configure(raw_retention_days=5000, hours_retention_days=5000)
    make_days(connection, SINCE - timedelta(days=4), UNTIL)
    service_id = UUID(make_service(alice)["id"])
    rows("UPDATE services SET created_at = %s", SINCE)
    found = next(
        history
        for history in (
            random_history(random.Random(seed), service_id, SINCE, UNTIL) for seed in range(100)
        )
        if len({one.region for one in history.results}) > 1
    )
    found.store(connection, found.results)
    return found


def by_hand(history, since, until):
    """Return checks, failed ones and the p95 by region, of the hours that several regions told."""
    hours = defaultdict(lambda: defaultdict(list))
    for one in history.results:
        if one.counts and since <= one.at < until:
            hours[one.at.replace(minute=0, second=0, microsecond=0)][one.region].append(one)
    found = defaultdict(list)
    for each in hours.values():
        if len(each) > 1:
            for region, results in each.items():
                found[region] += results
    return {
        region: (
            len(results),
            sum(one.status == "RED" for one in results),
            rank([one.response_time_ms for one in results if one.response_time_ms is not None]),
        )
        for region, results in found.items()
    }


def rank(times):
    return sorted(times)[ceil(0.95 * len(times)) - 1] if times else None


def answered(alice, history, since, until):
    window = f"from={iso(since)}&to={iso(until)}"
    found = alice.get(f"/services/{history.service_id}/metrics/regions?{window}")
    assert found.status_code == 200
    return {
        one["region"]: (one["checks"], one["failed_checks"], one["p95_ms"]) for one in found.json
    }


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for region, (checks, failed, p95) in expected.items():
        assert found[region][:2] == (checks, failed)
        assert found[region][2] == pytest.approx(p95, rel=0.01, abs=0.006)


def test_regions_are_what_results_say(alice, history, rows):
    middle = SINCE + 4 * HOUR
    whole = by_hand(history, SINCE, UNTIL)
    assert len(whole) > 1
    assert_equal(answered(alice, history, SINCE, UNTIL), whole)  # all from results
    rows("DELETE FROM metric_progress")
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", middle, middle)
    for number in range(4):
        roll_up.compute_hour(SINCE + number * HOUR)
    stored = rows(ROWS)
    assert stored
    assert_equal(answered(alice, history, SINCE, UNTIL), whole)  # half from each
    roll_up.compute_hour(SINCE + HOUR)
    assert rows(ROWS) == stored
    rows("DELETE FROM check_results")
    assert_equal(answered(alice, history, SINCE, middle), by_hand(history, SINCE, middle))
    inner = SINCE + timedelta(minutes=70), SINCE + timedelta(minutes=80)
    whole_hour = by_hand(history, SINCE + HOUR, SINCE + 2 * HOUR)
    assert_equal(answered(alice, history, *inner), whole_hour)


def test_a_service_of_one_region_has_none(alice, charlie, history, rows):
    rows("DELETE FROM check_results WHERE region <> %s", history.results[0].region)
    for number in range(2):
        roll_up.compute_hour(SINCE + number * HOUR)
    assert rows(ROWS) == []
    assert answered(alice, history, SINCE, UNTIL) == {}
    assert charlie.get(f"/services/{history.service_id}/metrics/regions").status_code == 404


def test_they_go_with_the_service(alice, history, rows):
    for number in range(4):
        roll_up.compute_hour(SINCE + number * HOUR)
    assert rows(ROWS)
    assert alice.delete(f"/services/{history.service_id}").status_code == 204
    while retention.purge_deleted_services():
        pass
    assert rows(ROWS) == []
    assert regions.by_region(alice.organization_id, history.service_id, SINCE, UNTIL) == []
