"""How much of a time a service was up."""

import pytest

from tests.factories import make_result
from tests.moments import ago, iso, now


def test_uptime_before_anything_was_recorded(alice, service, path):
    assert alice.get(f"{path}/uptime").json == {
        "service_id": service["id"],
        "status": "PENDING",
        "note": "no historical uptime report computed yet",
    }


def make_changes(rows, service, changes):
    """Store changes of colour, each as (minutes ago, from, to)."""
    for minutes, before, after in changes:
        rows(
            "INSERT INTO status_changes (id, service_id, at, from_status, to_status)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
            service["id"],
            ago(minutes=minutes),
            before,
            after,
        )


def test_uptime(alice, service, path, connection, rows):
    colours = ["GREEN"] * 6 + ["YELLOW"] + ["RED"] * 2 + ["UNKNOWN", "PENDING"]
    for minute, colour in enumerate(colours):
        make_result(connection, service["id"], ago(minutes=30 - minute), colour)
    make_result(connection, service["id"], ago(minutes=10), "RED", in_maintenance=True)
    changes = [(40, "PENDING", "GREEN"), (22, "GREEN", "RED"), (20, "RED", "UNKNOWN")]
    changes += [(19, "UNKNOWN", "GREEN"), (9, "GREEN", "RED"), (8, "RED", "GREEN")]
    make_changes(rows, service, changes)
    window = f"from={iso(ago(hours=1))}&to={iso(now())}"
    assert alice.get(f"{path}/uptime?{window}").json == {
        "service_id": service["id"],
        "period_start": iso(ago(hours=1)),
        "period_end": iso(now()),
        "uptime_percentage": 77.78,
        "total_checks": 9,
        "failed_checks": 2,
        "downtime_seconds": 180,
        "unknown_seconds": 60,
        "maintenance_seconds": 60,
        "incidents": 2,
        "longest_outage_seconds": 120,
    }
    inside = f"from={iso(ago(minutes=22, seconds=30))}&to={iso(ago(minutes=20, seconds=30))}"
    assert alice.get(f"{path}/uptime?{inside}").json["downtime_seconds"] == 90


@pytest.mark.parametrize(
    ("red_from", "red_to", "downtime", "incidents"),
    [
        (15, 5, 300, 1),  # from a minute before the window to four minutes after it
        (13, 10, 0, 0),
        (15, 14, 60, 1),
        (9, 8, 60, 1),
    ],
)
def test_downtime_leaves_maintenance_out(
    alice, service, path, connection, rows, red_from, red_to, downtime, incidents
):
    make_result(connection, service["id"], ago(minutes=20), "GREEN")
    for minute in range(14, 9, -1):
        make_result(connection, service["id"], ago(minutes=minute), "RED", in_maintenance=True)
    make_changes(
        rows,
        service,
        [(30, "PENDING", "GREEN"), (red_from, "GREEN", "RED"), (red_to, "RED", "GREEN")],
    )
    found = alice.get(f"{path}/uptime?from={iso(ago(hours=1))}&to={iso(now())}").json
    assert (found["downtime_seconds"], found["incidents"]) == (downtime, incidents)
    assert found["longest_outage_seconds"] == downtime
    assert found["maintenance_seconds"] == 300
