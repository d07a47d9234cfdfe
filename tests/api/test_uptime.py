"""How much of a time a service was up: by seconds of its confirmed status."""

from datetime import timedelta

import pytest

from tests.factories import make_result
from tests.times import ago, iso, now

KINDS = ("known", "unknown", "maintenance", "paused", "pending")


def read(alice, path, since, until):
    found = alice.get(f"{path}/uptime?from={iso(since)}&to={iso(until)}").json
    window = (until - since).total_seconds()
    assert sum(found[f"{kind}_seconds"] for kind in KINDS) == pytest.approx(window, abs=0.0015)
    return found


def test_uptime_before_anything_was_recorded(alice, service, path):
    assert alice.get(f"{path}/uptime").json == {
        "service_id": service["id"],
        "status": "PENDING",
        "note": "no historical uptime report computed yet",
    }


def test_uptime_of_a_service(alice, service, path, connection):
    statuses = ["GREEN"] * 6 + ["YELLOW"] + ["RED"] * 2 + ["UNKNOWN", "PENDING", "GREEN"]
    for minute, status in enumerate(statuses):
        make_result(connection, service["id"], ago(minutes=30 - minute), status)
    make_result(connection, service["id"], ago(minutes=10), "RED", in_maintenance=True)
    make_result(connection, service["id"], ago(minutes=9), "RED")
    make_result(connection, service["id"], ago(minutes=8), "GREEN")
    found = read(alice, path, ago(hours=1), now())
    assert found == {
        "service_id": service["id"],
        "period_start": iso(ago(hours=1)),
        "period_end": iso(now()),
        # Up: 7 minutes, and what the results of minutes 19 and 8 speak for (135 s).
        "uptime_percentage": 79.31,
        "total_checks": 12,
        "failed_checks": 3,
        "check_success_percentage": 75.0,
        "known_seconds": 420 + 2 * 135 + 3 * 60,
        "downtime_seconds": 180,
        "unknown_seconds": 60 + (9 * 60 - 135) + (8 * 60 - 135),
        "maintenance_seconds": 60,
        "paused_seconds": 0,
        "pending_seconds": 30 * 60 + 60,
        "incidents": 2,
        "longest_outage_seconds": 120,
        "corrections": [],
    }
    inside = read(alice, path, ago(minutes=22, seconds=30), ago(minutes=20, seconds=30))
    assert (inside["downtime_seconds"], inside["uptime_percentage"]) == (90, 0.0)


def test_failures_below_the_threshold_are_no_downtime(alice, service, path, connection):
    for minute in range(7, 0, -1):
        make_result(connection, service["id"], ago(minutes=minute), "RED", settled_status="PENDING")
    found = read(alice, path, ago(minutes=10), now())
    assert found["uptime_percentage"] is None
    assert found["note"] == "nothing is known of this time"
    assert (found["total_checks"], found["failed_checks"]) == (7, 7)
    assert (found["downtime_seconds"], found["pending_seconds"]) == (0, 600)


def test_a_paused_service_collects_no_downtime(alice, service, path, connection, rows):
    make_result(connection, service["id"], ago(seconds=90), "RED")
    rows("UPDATE services SET status = 'RED'")
    assert alice.post(f"{path}/pause").status_code == 200
    rows("UPDATE status_changes SET at = %s WHERE to_status = 'PAUSED'", ago(seconds=60))
    found = read(alice, path, ago(minutes=5), now())
    assert (found["downtime_seconds"], found["paused_seconds"]) == (30, 60)
    assert alice.post(f"{path}/resume").status_code == 200
    rows("UPDATE status_changes SET at = %s WHERE from_status = 'PAUSED'", ago(seconds=20))
    found = read(alice, path, ago(minutes=5), now())
    assert (found["downtime_seconds"], found["paused_seconds"]) == (50, 40)


def test_the_time_when_the_monitor_was_off_is_unknown(alice, service, path, connection):
    for minute in range(30, 20, -1):
        make_result(connection, service["id"], ago(minutes=minute), "GREEN")
    for minute in range(14, 0, -1):
        make_result(connection, service["id"], ago(minutes=minute), "GREEN")
    found = read(alice, path, ago(minutes=30), now())
    # Seven minutes without a result, of which the last one spoke for 135 seconds.
    assert (found["unknown_seconds"], found["downtime_seconds"]) == (7 * 60 - 135, 0)
    assert found["uptime_percentage"] == 100.0


def test_it_is_never_rounded_up_to_a_hundred(alice, service, path, connection):
    make_result(connection, service["id"], ago(hours=20), "GREEN", cover_seconds=72_000)
    make_result(connection, service["id"], ago(seconds=2), "RED")
    assert read(alice, path, ago(hours=20), now())["uptime_percentage"] == 99.99


def test_nothing_is_known_of_what_is_to_come(alice, service, path, connection):
    make_result(connection, service["id"], ago(seconds=1), "GREEN")  # speaks for 135 seconds
    begin, end = now() + timedelta(seconds=60), now() + timedelta(seconds=90)
    window = f"from={iso(begin)}&to={iso(end)}"
    assert alice.get(f"{path}/uptime?{window}").json["note"] == (
        "no historical uptime report computed yet"
    )
    (row,) = alice.get(f"/metrics/services?{window}").json
    assert (row["uptime_percentage"], row["unknown_seconds"]) == (None, 0)
    assert alice.get(f"/metrics?{window}").json["uptime_percentage"] is None
    assert alice.get(f"/reports/sla?{window}").json["total"]["is_met"] is None
    for interval in ("1m", "5m", "1h", "1d"):
        assert alice.get(f"{path}/metrics?{window}&interval={interval}").json == []


def test_downtime_leaves_maintenance_out(alice, service, path, connection):
    make_result(connection, service["id"], ago(minutes=16), "GREEN")
    make_result(connection, service["id"], ago(minutes=15), "RED")
    for minute in range(14, 9, -1):
        make_result(connection, service["id"], ago(minutes=minute), "RED", in_maintenance=True)
    for minute in range(9, 5, -1):
        make_result(connection, service["id"], ago(minutes=minute), "RED")
    make_result(connection, service["id"], ago(minutes=5), "GREEN")
    found = read(alice, path, ago(hours=1), now())
    # One outage from before the window of maintenance to after it, without its minutes.
    assert (found["downtime_seconds"], found["incidents"]) == (300, 1)
    assert found["longest_outage_seconds"] == 300
    assert found["maintenance_seconds"] == 300
