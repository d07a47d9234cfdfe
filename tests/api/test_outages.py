"""GET /services/{id}/outages: from RED to whatever followed."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests import times
from tests.alerting import make_alert
from tests.factories import make_service


@pytest.fixture(autouse=True)
def current_moment():
    times.begin()


def turn(rows, service_id, minutes, before, after, reason=None):
    rows(
        "INSERT INTO status_changes (id, service_id, at, from_status, to_status, reason)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        uuid4(), service_id, times.ago(minutes=minutes), before, after, reason,
    )  # fmt: skip


@pytest.fixture
def service(alice, rows):
    id = make_service(alice)["id"]
    turn(rows, id, 300, "GREEN", "RED", "HTTP 503")
    turn(rows, id, 290, "RED", "YELLOW")
    turn(rows, id, 200, "YELLOW", "RED")
    turn(rows, id, 180, "RED", "PAUSED")
    turn(rows, id, 100, "PAUSED", "RED")
    turn(rows, id, 90, "RED", "UNKNOWN")
    turn(rows, id, 10, "UNKNOWN", "RED", "no answer")
    return id


def test_outages(alice, service):
    found = alice.get(f"/services/{service}/outages").json
    assert [(o["duration_seconds"] // 60, o["ended_with"]) for o in found] == [
        (10, None),
        (10, "UNKNOWN"),
        (20, "PAUSED"),
        (10, "YELLOW"),
    ]
    assert found[0]["ended_at"] is None
    assert (found[0]["reason"], found[-1]["reason"]) == ("no answer", "HTTP 503")


def test_the_alerts_of_an_outage(alice, service, connection):
    about = alice.get(f"/services/{service}").json
    alert = make_alert(connection, about, fired_at=times.ago(minutes=299))
    found = alice.get(f"/services/{service}/outages").json
    assert [o["alert_ids"] for o in found] == [[], [], [], [str(alert)]]


def test_pages(alice, service):
    seen, path = [], f"/services/{service}/outages?limit=2"
    while path:
        answer = alice.get(path)
        seen += [o["started_at"] for o in answer.json]
        link = answer.headers.get("Link", "")
        path = (
            f"/services/{service}/outages" + link[link.index("?") : link.index(">")] if link else ""
        )
    assert seen == [o["started_at"] for o in alice.get(f"/services/{service}/outages").json]
    assert len(seen) == 4


def test_a_window(alice, service):
    def count(**window):
        query = "&".join(f"{name}={times.iso(at)}" for name, at in window.items())
        return len(alice.get(f"/services/{service}/outages?{query}").json)

    assert count(**{"from": times.ago(minutes=195)}) == 3  # one that reaches into it counts
    assert count(to=times.ago(minutes=250)) == 1
    assert count(**{"from": times.ago(days=40), "to": times.ago(days=39)}) == 0


def test_none(alice):
    assert alice.get(f"/services/{make_service(alice)['id']}/outages").json == []


def test_outages_of_another_organization_are_not_found(alice, charlie, service):
    assert charlie.get(f"/services/{service}/outages").status_code == 404


@pytest.mark.parametrize(
    "query", ["from=x", "limit=0", "cursor=x", "to=1999-01-01T00:00:00Z&from=2000-01-01T00:00:00Z"]
)
def test_bad_queries(alice, service, query):
    assert alice.get(f"/services/{service}/outages?{query}").status_code == 422


def test_the_end_is_exact(alice, rows):
    id = make_service(alice)["id"]
    turn(rows, id, 60, "GREEN", "RED")
    turn(rows, id, 30, "RED", "GREEN")
    (only,) = alice.get(f"/services/{id}/outages").json
    assert only["duration_seconds"] == timedelta(minutes=30).total_seconds()
