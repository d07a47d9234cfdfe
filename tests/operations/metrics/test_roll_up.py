"""Roll-ups against reckoning from the results, under kills, doubled ticks, and late results."""

import random
from datetime import UTC, datetime, timedelta
from math import ceil
from uuid import UUID

import pytest

from app.domain.metrics.bucket import put_together
from app.domain.metrics.plan import Level
from app.domain.metrics.status_line import SpanKind
from app.operations.metrics import days, read, roll_up
from app.operations.metrics.hours import HOUR
from app.operations.metrics.measure import Stretch, measure
from app.operations.metrics.rows import COLUMNS_WITH_HISTOGRAM, HOUR_MS, bucket, measured
from app.platform.transaction import transaction
from tests.factories import make_service
from tests.histories import random_history
from tests.operations.metrics.killing import killed_at
from tests.partitions import make_days

SINCE = datetime(2026, 1, 30, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=3)
EVERYTHING = (
    "SELECT * FROM metric_hours ORDER BY service_id, at",
    "SELECT * FROM metric_fives ORDER BY service_id, at",
    "SELECT * FROM metric_days ORDER BY service_id, at",
    "SELECT * FROM metric_org_hours ORDER BY organization_id, at",
)


@pytest.fixture
def history(context, alice, rows, connection):
    """A random history of three days, with nothing rolled up yet."""
    make_days(connection, SINCE - timedelta(days=4), UNTIL)
    service_id = UUID(make_service(alice)["id"])
    rows("UPDATE services SET created_at = %s", SINCE)

    def make(seed):
        found = random_history(random.Random(seed), service_id, SINCE, UNTIL)
        found.store_rest(connection, alice.organization_id)
        return found

    return make


def begin(rows, sealed_until=UNTIL, done_until=SINCE):
    rows("DELETE FROM metric_progress")
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", sealed_until, done_until)


def everything(rows):
    return [rows(statement) for statement in EVERYTHING]


def compute(order):
    for hour in order:
        roll_up.compute_hour(hour)


ALL_HOURS = [SINCE + number * HOUR for number in range(72)]


def stored(rows, service_id, since, until):
    found = rows(
        f"SELECT {COLUMNS_WITH_HISTOGRAM} FROM metric_hours"
        " WHERE service_id = %s AND at >= %s AND at < %s ORDER BY at",
        service_id,
        since,
        until,
    )
    return put_together(bucket(row, HOUR_MS) for row in found)


def seconds_of(found):
    return {
        SpanKind.UP: found.up_ms,
        SpanKind.DOWN: found.down_ms,
        SpanKind.UNKNOWN: found.unknown_ms,
        SpanKind.MAINTENANCE: found.maintenance_ms,
        SpanKind.PAUSED: found.paused_ms,
        SpanKind.PENDING: found.pending_ms,
    }


@pytest.mark.parametrize("seed", range(8))
def test_roll_ups_are_what_results_say(history, rows, connection, seed):
    told = history(seed)
    told.store(connection, told.results)
    compute(ALL_HOURS)
    dice = random.Random(seed)
    for _ in range(25):
        first, last = sorted(dice.sample(range(73), 2))
        since, until = SINCE + first * HOUR, SINCE + last * HOUR
        found = stored(rows, told.service_id, since, until)
        assert seconds_of(found.totals) == told.seconds(since, until)
        counted = told.counted(since, until)
        failed = [result for result in counted if result.status == "RED"]
        assert (found.checks, found.failed) == (len(counted), len(failed))
        times = sorted(r.response_time_ms for r in counted if r.response_time_ms is not None)
        assert found.timed == len(times)
        if times:
            exact = [times[ceil(share * len(times)) - 1] for share in (0.5, 0.95, 0.99)]
            assert found.percentiles(0.5, 0.95, 0.99) == pytest.approx(exact, rel=0.01, abs=0.006)
            assert found.mean_ms == pytest.approx(sum(times) / len(times), abs=0.01)


@pytest.mark.parametrize("seed", range(8, 12))
def test_any_window_of_raw_results_is_what_they_say(history, connection, seed):
    told = history(seed)
    told.store(connection, told.results)
    told.corrections.clear()
    dice = random.Random(seed)
    for _ in range(25):
        first, last = sorted(dice.uniform(0, 72 * 3600) for _ in range(2))
        since, until = SINCE + timedelta(seconds=first), SINCE + timedelta(seconds=last)
        with transaction() as tx:
            (figures,) = measure(tx, [Stretch(told.service_id, since, until)])
        found = measured(figures)
        assert seconds_of(found.totals) == told.seconds(since, until)
        assert found.checks == len(told.counted(since, until))


@pytest.mark.parametrize("seed", range(12, 14))
def test_any_window_of_days_hours_and_results_is_what_they_say(
    history, rows, connection, configure, seed
):
    """Windows that begin and end anywhere, as every reader asks for them, corrections included."""
    configure(raw_retention_days=5000, hours_retention_days=5000)
    told = history(seed)
    told.store(connection, told.results)
    compute(ALL_HOURS)
    begin(rows, UNTIL, UNTIL)
    dice = random.Random(seed)
    levels = set()
    for _ in range(100):
        first, last = sorted(dice.uniform(0, 72 * 3600) for _ in range(2))
        since, until = SINCE + timedelta(seconds=first), SINCE + timedelta(seconds=last)
        with transaction() as tx:
            parts = read.pieces(tx, since, until)
            found = read.read(tx, [told.service_id], parts)[told.service_id]
            (exact,) = read.measured_at(tx, [Stretch(told.service_id, since, until)])
        assert seconds_of(found.totals) == told.seconds(since, until)
        assert found.totals == exact.totals  # outages too, however the window is cut
        assert found.checks == len(told.counted(since, until))
        levels |= {part.level for part in parts}
    assert levels == set(Level)


def test_the_same_bytes_in_any_order_and_however_often(history, rows, connection):
    told = history(20)
    told.store(connection, told.results)
    compute(ALL_HOURS)
    first = everything(rows)
    compute(random.Random(1).sample(ALL_HOURS, 20))
    assert everything(rows) == first
    for table in ("metric_hours", "metric_fives", "metric_days", "metric_org_hours"):
        rows(f"DELETE FROM {table}")
    # A day is put together when its last hour is done.
    compute([*random.Random(2).sample(ALL_HOURS[:23], 23), *ALL_HOURS[23:]])
    assert everything(rows) == first


def test_days_are_their_hours(history, rows, connection):
    told = history(21)
    told.store(connection, told.results)
    compute(ALL_HOURS)
    for number in range(3):
        day = SINCE + number * days.DAY
        (row,) = rows(f"SELECT {COLUMNS_WITH_HISTOGRAM} FROM metric_days WHERE at = %s", day)
        found = bucket(row, 24 * HOUR_MS)
        assert seconds_of(found.totals) == told.seconds(day, day + days.DAY)
        (services, checks) = rows(
            "SELECT max(services), sum(checks) FROM metric_org_hours WHERE at >= %s AND at < %s",
            day,
            day + days.DAY,
        )[0]
        assert (services, checks) == (1, found.checks)


@pytest.fixture
def killed(config):
    with killed_at("roll_up", config) as roll_up_until:
        yield roll_up_until


def test_killed_before_any_statement(history, rows, connection, killed):
    """SIGKILL before each statement and commit of a tick; the tick after it writes what was due."""
    told = history(22)
    told.store(connection, told.results)
    since, until = SINCE + 23 * HOUR, SINCE + 24 * HOUR  # the last hour of a day
    late = "INSERT INTO metric_dirty (service_id, at, reason) VALUES (%s, %s, 'late')"
    compute(ALL_HOURS[:23])

    def start_again():
        rows("DELETE FROM metric_hours WHERE at >= %s", since)
        rows("DELETE FROM metric_fives WHERE at >= %s", since)
        rows("DELETE FROM metric_org_hours WHERE at >= %s", since)
        rows("DELETE FROM metric_days")
        rows("DELETE FROM metric_dirty")
        rows(late, told.service_id, SINCE + 2 * HOUR)
        begin(rows, until, since)

    start_again()
    assert not killed(0)
    whole = everything(rows)
    assert [len(table) for table in whole[:1]] == [24]
    statement = 1
    while True:
        start_again()
        if not killed(statement):
            break
        assert not killed(0)
        assert everything(rows) == whole
        assert rows("SELECT done_until FROM metric_progress") == [(until,)]
        assert rows("SELECT count(*) FROM metric_dirty") == [(0,)]
        statement += 1
    assert statement > 30
