"""Days of raw results that are over are frozen, and figures come from the index alone."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.operations.metrics import freezing
from tests.partitions import make_days

DAY = datetime(2025, 3, 4, tzinfo=UTC)
NAME = "check_results_20250304"
RESULTS = """
INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status,
    response_time_ms, settled_status, cover_seconds)
SELECT s.id, t, 'default', gen_random_uuid(), t + interval '0.2 seconds', 'GREEN', 12, NULL, 135
FROM generate_series(%s::timestamptz, %s::timestamptz, interval '5 minutes') t,
    unnest(%s::uuid[]) AS s (id)
"""


@pytest.fixture
def partition(context, connection):
    make_days(connection, DAY, DAY)
    yield NAME
    connection.execute(f"DROP TABLE {NAME}")


def frozen_days(now):
    names = []
    while name := freezing.freeze_a_day(now):
        names.append(name)
    return names


def test_a_day_is_frozen_once_it_is_over(partition, rows):
    assert partition not in frozen_days(DAY + timedelta(days=1, minutes=19))
    assert partition in frozen_days(DAY + timedelta(days=1, minutes=21))
    assert frozen_days(DAY + timedelta(days=1, minutes=21)) == []
    assert rows("SELECT current_setting('statement_timeout')") == [("0",)]  # of the tests' own


def test_connections_keep_their_statement_timeout(partition):
    frozen_days(DAY + timedelta(days=2))
    with freezing.transaction() as tx:
        assert tx.driver.execute("SHOW statement_timeout").fetchone() == ("15s",)


def test_figures_of_a_frozen_day_are_read_from_the_key_alone(partition, connection):
    ids = [uuid4() for _ in range(100)]
    connection.execute(RESULTS, (DAY, DAY + timedelta(hours=23), ids))
    frozen_days(DAY + timedelta(days=2))
    (plan,) = connection.execute(
        "EXPLAIN (ANALYZE, FORMAT JSON) SELECT checked_at, coalesce(settled_status, status),"
        " response_time_ms, in_maintenance, cover_seconds FROM check_results"
        " WHERE service_id = %s AND scheduled_for >= %s AND scheduled_for < %s",
        (ids[0], DAY, DAY + timedelta(hours=6)),
    ).fetchone()
    node = plan[0]["Plan"]
    assert node["Node Type"] == "Index Only Scan"
    assert node["Actual Rows"] == 72
    assert node["Heap Fetches"] == 0
