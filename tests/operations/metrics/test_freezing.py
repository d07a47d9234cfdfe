"""Days of raw results that are over are frozen, and figures come from the index alone."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.operations.metrics import freezing
from app.operations.metrics.measure import MEASURE
from tests.partitions import make_days

DAY = datetime(2025, 3, 4, tzinfo=UTC)
NAME = "check_results_20250304"
RESULTS = """
INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status,
    response_time_ms, settled_status, cover_seconds)
SELECT s.id, t, 'default', gen_random_uuid(), t + interval '0.2 seconds', 'GREEN', 12, NULL, 135
FROM generate_series(%s::timestamptz, %s::timestamptz, %s * interval '1 minute') t,
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
    connection.execute(RESULTS, (DAY, DAY + timedelta(hours=23), 5, ids))
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


def scans(node):
    """Yield the scans of raw results in a plan."""
    if node.get("Relation Name", "").startswith("check_results"):
        yield node
    for child in node.get("Plans", ()):
        yield from scans(child)


def test_hours_are_measured_by_index_only_scans_of_single_services(partition, connection):
    count = 20
    ids = [uuid4() for _ in range(count)]
    connection.execute(RESULTS, (DAY, DAY + timedelta(hours=23), 1, ids))
    frozen_days(DAY + timedelta(days=2))
    hour = DAY + timedelta(hours=20)
    stretch = {"ids": ids, "since": [hour] * count, "until": [hour + timedelta(hours=1)] * count}
    stretch |= {"interval": [60] * count, "cover": [135] * count}
    ((plan,),) = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {MEASURE}", stretch).fetchall()
    found = [node for node in scans(plan[0]["Plan"]) if node["Relation Name"] == partition]
    # The newest result before the hour, further back where there is none, and the hour.
    assert len(found) == 3
    assert {node["Node Type"] for node in found} == {"Index Only Scan"}
    found = [node for node in found if node["Actual Loops"]]
    assert len(found) == 2  # nobody has to look further back
    for node in found:
        assert node["Actual Loops"] == count  # one service each
        assert node["Heap Fetches"] < 0.05 * node["Actual Rows"] * node["Actual Loops"]
    read = sum(node["Actual Rows"] * node["Actual Loops"] for node in found)
    # Of the 1200 results before the hour those are looked at that may still speak, or began late.
    assert count * 60 <= read <= count * (60 + 15 + 15)
