"""Times of which nothing is known: no figure says 100 or 0 of them."""

import csv
import io
import time

import pytest

from tests.factories import make_result, make_service
from tests.times import ago, iso, now


def window():
    return {"from": iso(ago(minutes=10)), "to": iso(now())}


def unknown(connection, service, _):
    make_result(connection, service["id"], ago(minutes=11), "UNKNOWN", cover_seconds=3600)


def maintenance(connection, service, _):
    make_result(
        connection, service["id"], ago(minutes=11), "RED", in_maintenance=True, cover_seconds=3600
    )


def paused(connection, service, alice):
    make_result(connection, service["id"], ago(minutes=30), "RED", cover_seconds=3600)
    assert alice.post(f"/services/{service['id']}/pause").status_code == 200
    connection.execute("UPDATE status_changes SET at = %s", (ago(minutes=20),))


def pending(connection, service, _):
    for minutes in (11, 5):
        make_result(
            connection,
            service["id"],
            ago(minutes=minutes),
            "RED",
            settled_status="PENDING",
            cover_seconds=3600,
        )


@pytest.mark.parametrize("kind", [unknown, maintenance, paused, pending])
def test_nothing_known_is_no_percentage(context, alice, connection, kind):
    service = make_service(alice, name="Shop")
    kind(connection, service, alice)
    found = alice.get(f"/services/{service['id']}/uptime", query_string=window()).json
    assert (found["uptime_percentage"], found["known_seconds"]) == (None, 0)
    assert found[f"{kind.__name__}_seconds"] == 600
    assert (found["incidents"], found["downtime_seconds"]) == (0, 0)
    (row,) = alice.get("/metrics/services", query_string=window()).json
    assert (row["uptime_percentage"], row["incidents"]) == (None, 0)
    whole = alice.get("/metrics", query_string=window()).json
    assert (whole["uptime_percentage"], whole["worst_services"]) == (None, [])
    report = alice.get("/reports/sla", query_string=window()).json
    for figures in (report["services"][0], report["total"]):
        assert (figures["uptime_percentage"], figures["is_met"]) == (None, None)
        assert figures["error_budget_left_percentage"] is None
    answer = alice.get("/reports/sla", query_string=window() | {"format": "csv"})
    assert [line["uptime_percentage"] for line in csv.DictReader(io.StringIO(answer.text))] == [
        "",
        "",
    ]
    points = alice.get(
        f"/services/{service['id']}/metrics", query_string=window() | {"interval": "1h"}
    ).json
    assert all(point["uptime_percentage"] is None for point in points)


def test_a_service_made_within_the_window(context, alice, connection):
    service = make_service(alice)
    make_result(connection, service["id"], ago(minutes=4), "GREEN", cover_seconds=3600)
    found = alice.get(f"/services/{service['id']}/uptime", query_string=window()).json
    assert (found["uptime_percentage"], found["known_seconds"]) == (100.0, 240)
    assert found["pending_seconds"] == 360


@pytest.mark.parametrize(
    "wide",
    [
        "from=1970-01-02T00:00:00Z&to=9998-12-31T00:00:00Z",
        "from=2100-01-01T00:00:00Z&to=9998-12-31T00:00:00Z",
    ],
)
def test_the_widest_windows_cost_no_more(context, alice, connection, wide):
    """Nothing is done for each hour of a thousand years."""
    service = make_service(alice)
    for region in ("eu", "us"):
        make_result(connection, service["id"], ago(seconds=30), "GREEN", region=region)
    path = f"/services/{service['id']}"
    asked = [f"{path}/{what}?{wide}" for what in ("uptime", "metrics", "metrics/regions")]
    asked += [f"{path}/metrics?interval={each}&{wide}" for each in ("5m", "1h", "1d")]
    asked += [f"{what}?{wide}" for what in ("/metrics", "/metrics/services", "/reports/sla")]
    began_at = time.process_time()
    for each in asked:
        assert alice.get(each).status_code == 200, each
    assert time.process_time() - began_at < 5
    regions = alice.get(f"{path}/metrics/regions?{wide}").json
    assert len(regions) == (2 if "from=1970" in wide else 0)
