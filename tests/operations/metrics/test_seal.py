"""Results that come while or after their hour is sealed are in its figures all the same."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from app.operations.metrics import roll_up
from app.operations.metrics.uptime import uptime
from tests.factories import make_result, make_service
from tests.partitions import make_days
from tests.recording import RED, check
from tests.times import now


@pytest.fixture
def hour(context, connection):
    """The hour before the last one, which is sealed."""
    found = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    make_days(connection, found - timedelta(days=1), now())
    return found


@pytest.fixture
def service(context, alice, rows, hour):
    found = make_service(alice)
    rows("UPDATE services SET created_at = %s", hour - timedelta(hours=1))
    return found


def begin(rows, at):
    rows("DELETE FROM metric_progress")
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", at, at)


def down(service, hour):
    return uptime(UUID(service["id"]), hour, hour + timedelta(hours=1)).figures.totals.down_ms


def test_a_result_recorded_hours_late_changes_the_figures(service, hour, rows, connection):
    begin(rows, hour)
    roll_up.roll_up(60)
    assert down(service, hour) == 0
    check(service, hour + timedelta(minutes=10), RED)
    assert rows("SELECT min(at), count(*) >= 2 FROM metric_dirty") == [(hour, True)]
    roll_up.roll_up(60)
    assert rows("SELECT count(*) FROM metric_dirty") == [(0,)]
    assert down(service, hour) == 135_000
    rolled = rows("SELECT failed, down_ms FROM metric_hours WHERE at = %s", hour)
    assert rolled == [(1, 135_000)]
    # The hour after it is unknown now, no longer before the first check.
    after = rows("SELECT unknown_ms FROM metric_hours WHERE at = %s", hour + timedelta(hours=1))
    assert after == [(3_600_000,)]


def test_nothing_is_sealed_while_results_are_being_stored(
    service, hour, rows, connection, database_url
):
    begin(rows, hour)
    with psycopg.connect(database_url) as recorder:
        (sealed,) = recorder.execute("SELECT metrics_sealed_until()").fetchone()
        assert sealed == hour
        make_result(recorder, service["id"], hour + timedelta(minutes=10), "RED")
        roll_up.roll_up(60)
        assert rows("SELECT sealed_until, done_until FROM metric_progress") == [(hour, hour)]
    roll_up.roll_up(60)
    assert rows("SELECT sealed_until > %s FROM metric_progress", hour) == [(True,)]
    assert rows("SELECT down_ms FROM metric_hours WHERE at = %s", hour) == [(135_000,)]
    assert rows("SELECT count(*) FROM metric_dirty") == [(0,)]


def test_a_tick_beside_another_does_nothing(service, hour, rows, database_url):
    begin(rows, hour)
    with psycopg.connect(database_url) as rival:
        rival.execute("SELECT pg_advisory_xact_lock(hashtext('metrics roll-up'))")
        assert roll_up.roll_up(60) == 0
    assert rows("SELECT count(*) FROM metric_hours") == [(0,)]
    assert roll_up.roll_up(60) >= 2


def test_the_first_tick_begins_with_the_oldest_result(service, hour, rows, connection):
    make_result(connection, service["id"], hour - timedelta(days=1), "GREEN")
    roll_up.roll_up(600)
    (day,) = rows("SELECT min(at)::date FROM metric_hours")
    assert rows("SELECT sealed_until = done_until FROM metric_progress") == [(True,)]
    assert day[0] <= hour.date()
