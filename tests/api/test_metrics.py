"""Figures of an organization."""

from uuid import uuid4

import pytest

from tests.factories import make_result, make_service
from tests.times import ago, iso, now


def window():
    return f"from={iso(ago(hours=1))}&to={iso(now())}"


def test_figures_of_all_services(context, alice, charlie, connection, rows):
    good = make_service(alice, name="Good", tags=["shop"])
    bad = make_service(alice, name="Bad")
    for minute in range(10, 0, -1):
        make_result(connection, good["id"], ago(minutes=minute), "GREEN", response_time_ms=20)
        status = "RED" if minute <= 5 else "GREEN"
        make_result(connection, bad["id"], ago(minutes=minute), status, response_time_ms=200)
    found = alice.get(f"/metrics?{window()}").json
    assert found["services"] == {"PENDING": 2}
    assert (found["checks"], found["failed_checks"]) == (20, 5)
    assert found["uptime_percentage"] == 75.0
    assert (found["p50_ms"], found["p99_ms"]) == pytest.approx((20, 200), rel=0.01)
    assert [one["name"] for one in found["worst_services"]] == ["Bad", "Good"]
    assert (found["alerts_fired"], found["mtta_seconds"], found["mttr_seconds"]) == (0, None, None)
    bad_row, good_row = alice.get(f"/metrics/services?{window()}").json
    assert (bad_row["uptime_percentage"], bad_row["downtime_seconds"]) == (50.0, 300)
    assert (good_row["uptime_percentage"], good_row["incidents"]) == (100.0, 0)
    one = alice.get(f"/services/{bad['id']}/uptime?{window()}").json
    assert one["uptime_percentage"] == bad_row["uptime_percentage"]
    shop = alice.get(f"/metrics?{window()}&tag=shop").json
    assert (shop["checks"], shop["uptime_percentage"]) == (10, 100.0)
    assert charlie.get(f"/metrics/services?{window()}").json == []
    assert charlie.get(f"/metrics?{window()}").json["uptime_percentage"] is None


def test_how_fast_people_were(context, alice, rows):
    root = uuid4()
    for id, minutes, suppressed in ((root, 30, None), (uuid4(), 20, None), (uuid4(), 10, root)):
        rows(
            "INSERT INTO alerts (id, organization_id, service_name, severity, title, message,"
            " status, fired_at, acknowledged_at, resolved_at, suppressed_by,"
            " is_flapping) VALUES (%s, %s, 'Shop', 'critical', 'T', 'M', 'resolved', %s, %s, %s,"
            " %s, false)",
            id,
            alice.organization_id,
            ago(minutes=minutes),
            ago(minutes=minutes - 1) if minutes == 30 else None,
            ago(minutes=minutes - 4) if minutes == 30 else ago(minutes=minutes - 8),
            suppressed,
        )
    found = alice.get(f"/metrics?{window()}").json
    assert (found["alerts_fired"], found["mtta_seconds"], found["mttr_seconds"]) == (2, 60, 360)


def test_figures_of_services_by_pages(context, alice):
    names = ["B", "ä", "z" * 200, "B", "決済 \U0001f680"]
    for name in names:
        make_service(alice, name=name)
    whole = [row["service_id"] for row in alice.get("/metrics/services").json]
    assert len(whole) == 5
    path, seen = "/metrics/services?limit=1&fields=service_id", []
    while path:
        answer = alice.get(path)
        seen += [row["service_id"] for row in answer.json]
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].partition("/api/v1")[2]
        if len(seen) == 1:  # what the cursor stands for may go away
            assert alice.delete(f"/services/{seen[0]}").status_code == 204
    assert seen == whole
    for cursor in ("x", "0.", "0._.x", f"0.gA.{uuid4()}", f"0.YQ.{'z' * 36}"):
        assert alice.get(f"/metrics/services?cursor={cursor}").status_code == 422
    assert alice.get("/metrics/services?limit=0").status_code == 422
