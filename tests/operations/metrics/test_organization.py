"""Figures of an organization from roll-ups against those of its services, one by one."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.metrics import histogram
from app.domain.metrics.totals import percentage
from app.operations.checks import retention
from app.operations.metrics import organization, read, roll_up
from app.operations.metrics.hours import HOUR
from app.platform.transaction import transaction
from tests.factories import make_service
from tests.histories import random_history
from tests.partitions import make_days

SINCE = datetime(2026, 1, 30, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=30)
WINDOWS = [
    (SINCE, UNTIL),
    (SINCE + timedelta(minutes=17), UNTIL - timedelta(minutes=41)),
    (SINCE + timedelta(hours=1), SINCE + timedelta(hours=2)),
    (SINCE + timedelta(minutes=20), SINCE + timedelta(minutes=50)),
]


@pytest.fixture
def ids(context, alice, rows, connection, configure):
    """Three services with random histories of thirty hours, rolled up."""
    configure(raw_retention_days=5000, hours_retention_days=5000)
    make_days(connection, SINCE - timedelta(days=4), UNTIL)
    made = []
    for seed in range(3):
        made.append(UUID(make_service(alice, name=f"S{seed}", tags=[f"t{seed}"])["id"]))
        history = random_history(random.Random(seed), made[-1], SINCE, UNTIL)
        history.store(connection, history.results)
    rows("UPDATE services SET created_at = %s", SINCE)
    rows("DELETE FROM metric_progress")
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", UNTIL, UNTIL)
    for number in range(30):
        roll_up.compute_hour(SINCE + number * HOUR)
    return made


def one_by_one(ids, since, until):
    """Return what the figures of services add up to, in the form of the organization's."""
    with transaction() as tx:
        parts = read.pieces(tx, since, until)
        found = read.read(tx, ids, parts, with_histogram=True).values()
    times = histogram.merged(packed for one in found for packed in one.histograms)
    low = min((one.min_ms for one in found if one.min_ms is not None), default=None)
    high = max((one.max_ms for one in found if one.max_ms is not None), default=None)
    return {
        "checks": sum(one.checks for one in found),
        "failed_checks": sum(one.failed for one in found),
        "uptime_percentage": percentage(
            sum(one.totals.up_ms for one in found), sum(one.totals.down_ms for one in found)
        ),
        "p50_ms": histogram.percentile(times, 0.5, low, high),
        "p95_ms": histogram.percentile(times, 0.95, low, high),
        "p99_ms": histogram.percentile(times, 0.99, low, high),
    }


def uptime_of(owner, window, tag=None):
    found = organization.overview(owner, *window, tag)
    each, _ = organization.by_service(owner, *window, tag, limit=500, after=None)
    ranked = sorted(
        (one for one in each if one["uptime_percentage"] is not None),
        key=lambda one: (one["uptime_percentage"], -one["downtime_seconds"]),
    )
    assert found["worst_services"] == ranked[:5]
    return {name: found[name] for name in one_by_one([], *WINDOWS[0])}


def test_all_together_are_each_of_them(alice, ids):
    owner = UUID(str(alice.organization_id))
    for window in WINDOWS:
        expected = one_by_one(ids, *window)
        assert expected["checks"] > 0
        assert uptime_of(owner, window) == expected
        assert uptime_of(owner, window, "t1") == one_by_one([ids[1]], *window)
        assert organization.overview(owner, *window, "a tag of none")["checks"] == 0


def test_a_deleted_service_leaves_them(alice, ids, rows):
    owner = UUID(str(alice.organization_id))
    whole = one_by_one(ids, *WINDOWS[0])
    assert alice.delete(f"/services/{ids[0]}").status_code == 204
    left = one_by_one(ids[1:], *WINDOWS[0])
    assert left != whole
    assert uptime_of(owner, WINDOWS[0]) == left  # what is deleted is still in the hours of all
    while retention.purge_deleted_services():
        pass
    assert rows("SELECT count(*) FROM metric_hours WHERE service_id = %s", ids[0]) == [(0,)]
    assert rows("SELECT count(*) FROM history_purges") == [(0,)]
    assert rows("SELECT sum(checks), max(services) FROM metric_org_hours") == [(left["checks"], 2)]
    assert uptime_of(owner, WINDOWS[0]) == left
