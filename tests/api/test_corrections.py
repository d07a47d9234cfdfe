"""Corrections of history change seconds, nothing else, and can be taken back."""

from datetime import timedelta

import pytest

from app.operations.metrics import roll_up
from tests.factories import make_result
from tests.partitions import make_days
from tests.times import ago, iso, now


def second(at):
    return iso(at.replace(microsecond=0))


def correction(**changes):
    body = {"from": second(ago(minutes=20)), "to": second(ago(minutes=10)), "kind": "up"}
    return body | {"reason": "A false alarm."} | changes


@pytest.fixture
def outage(service, connection):
    """RED from 30 minutes ago on."""
    for minute in range(30, 0, -1):
        make_result(connection, service["id"], ago(minutes=minute), "RED")


def test_a_false_alarm_is_up(alice, path, outage):
    window = f"{path}/uptime?from={iso(ago(minutes=30))}&to={iso(now())}"
    assert alice.get(window).json["downtime_seconds"] == 1800
    made = alice.post(f"{path}/corrections", correction())
    assert made.status_code == 202
    assert made.json["hours"] >= 1
    found = alice.get(window).json
    assert (found["downtime_seconds"], found["failed_checks"]) == (1200, 30)
    (applied,) = found["corrections"]
    assert (applied["kind"], applied["by"]) == ("up", alice.email)
    assert alice.delete(f"{path}/corrections/{made.json['id']}").status_code == 204
    found = alice.get(window).json
    assert (found["downtime_seconds"], found["corrections"]) == (1800, [])
    (listed,) = alice.get(f"{path}/corrections").json
    assert listed["withdrawn_by"] == str(alice.user_id)
    assert alice.delete(f"{path}/corrections/{made.json['id']}").status_code == 404


def test_rolled_up_hours_follow_also_without_their_results(
    app, alice, service, path, connection, rows
):
    hour = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    make_days(connection, hour - timedelta(days=1), now())
    rows("UPDATE services SET created_at = %s", hour)
    make_result(connection, service["id"], hour, "RED", cover_seconds=3600)
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", hour, hour)
    with app.app_context():
        roll_up.roll_up(60)
        rows("DELETE FROM check_results")
        stretch = {
            "from": iso(hour + timedelta(minutes=15)),
            "to": iso(hour + timedelta(minutes=45)),
        }
        alice.post(f"{path}/corrections", correction(**stretch))
        roll_up.roll_up(60)
    window = f"from={iso(hour)}&to={iso(hour + timedelta(hours=1))}"
    found = alice.get(f"{path}/uptime?{window}").json
    assert (found["downtime_seconds"], found["uptime_percentage"]) == (1800, 50.0)
    assert (found["incidents"], found["failed_checks"]) == (2, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"to": second(ago(minutes=20))},
        {"to": second(ago(minutes=21))},
        {"to": second(ago(days=-1))},
        {"from": second(ago(days=401))},
        {"from": "2026-01-01T00:00:00.5Z"},
        {"kind": "paused"},
        {"kind": "pending"},
        {"reason": None},
    ],
)
def test_what_cannot_be_corrected(alice, path, changes):
    assert alice.post(f"{path}/corrections", correction(**changes)).status_code == 422


def test_only_admins_correct(bob, path):
    assert bob.post(f"{path}/corrections", correction()).status_code == 403
    assert bob.get(f"{path}/corrections").status_code == 200


def test_a_list_by_pages(alice, path, service):
    for _ in range(3):
        assert alice.post(f"{path}/corrections", correction()).status_code == 202
    whole = [one["id"] for one in alice.get(f"{path}/corrections").json]
    first = alice.get(f"{path}/corrections?limit=2")
    rest = alice.get(first.headers["Link"].partition(">")[0].partition("/api/v1")[2])
    assert [one["id"] for one in [*first.json, *rest.json]] == whole
    assert "Link" not in rest.headers
    assert alice.get(f"{path}/corrections?cursor=1.x").status_code == 422
