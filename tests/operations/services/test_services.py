"""Services in the database: their schedule, versions, history, events, and many edits at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.platform.events import Feed
from app.platform.queue import Hints
from app.platform.redis_client import connect
from tests.factories import make_service, service_body

ENTRIES = (
    "SELECT region, next_due_at <= now(), lease_token, lease_until, status FROM schedule_entries"
    " ORDER BY region"
)
LEASE = (
    "UPDATE schedule_entries SET lease_token = 7, lease_until = now() + interval '1 minute',"
    " next_due_at = now() + interval '1 minute', status = 'GREEN'"
)
FRESH = (True, None, None)


def events(app, person):
    """Return the live events of a person's organization, oldest first."""
    frames = app.extensions["runtime"].feed.kept(person.organization_id)
    return [(event["type"], event["data"]) for event in map(json.loads, frames)]


def queued(app, queue):
    return app.extensions["runtime"].hints.queue(queue).count


def test_a_new_service_is_due_at_once_in_every_region(app, alice, rows):
    service = make_service(alice, regions=["default", "eu"])
    assert rows(ENTRIES) == [("default", *FRESH, "PENDING"), ("eu", *FRESH, "PENDING")]
    assert queued(app, "probes") == queued(app, "probes.eu") == 1
    assert events(app, alice) == [("service.created", service)]


def test_a_service_that_is_born_paused_is_never_due(app, alice, rows):
    make_service(alice, is_active=False)
    assert rows(ENTRIES) == [("default", None, None, None, "PENDING")]
    assert queued(app, "probes") == 0


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://other.example.com/"},
        {"config": {"method": "HEAD"}},
        {"check_interval_seconds": 30},
        {"timeout_seconds": 5},
        {"check_type": "TCP", "endpoint": "example.com:80"},
    ],
)
def test_an_edit_of_what_is_checked_voids_the_check_in_flight(app, alice, rows, change):
    service = make_service(alice)
    rows(LEASE)
    assert alice.patch(f"/services/{service['id']}", change).status_code == 200
    assert rows(ENTRIES) == [("default", *FRESH, "GREEN")]
    assert rows("SELECT version FROM services") == [(2,)]
    assert events(app, alice)[-1][0] == "service.updated"


@pytest.mark.parametrize(
    "change", [{"name": "x"}, {"tags": ["x"]}, {"failure_threshold": 3}, {"timeout_seconds": 10}]
)
def test_other_edits_leave_the_check_in_flight_alone(alice, rows, change):
    service = make_service(alice)
    rows(LEASE)
    assert alice.patch(f"/services/{service['id']}", change).status_code == 200
    ((_, due, token, _, _),) = rows(ENTRIES)
    assert (due, token) == (False, 7)
    assert rows("SELECT version FROM services") == [(2,)]


def test_regions_come_and_go(alice, rows):
    service = make_service(alice, regions=["default", "eu"])
    rows(LEASE)
    changed = alice.patch(f"/services/{service['id']}", {"regions": ["us", "eu"]})
    assert changed.json["regions"] == ["us", "eu"]
    assert rows(ENTRIES) == [("eu", *FRESH, "GREEN"), ("us", *FRESH, "PENDING")]


def test_pausing_voids_the_check_in_flight_and_keeps_the_colour(app, alice, rows):
    service = make_service(alice)
    rows(LEASE)
    rows("UPDATE services SET status = 'RED'")
    assert alice.post(f"/services/{service['id']}/pause").json["status"] == "RED"
    assert rows(ENTRIES) == [("default", None, None, None, "GREEN")]
    assert alice.post(f"/services/{service['id']}/resume").json["status"] == "RED"
    assert rows(ENTRIES) == [("default", *FRESH, "GREEN")]
    assert [kind for kind, _ in events(app, alice)] == ["service.created"] + ["service.updated"] * 2


def test_an_edit_while_paused_does_not_wake_the_service(alice, rows):
    service = make_service(alice, is_active=False)
    alice.patch(f"/services/{service['id']}", {"endpoint": "https://other.example.com/"})
    assert rows(ENTRIES) == [("default", None, None, None, "PENDING")]
    alice.patch(f"/services/{service['id']}", {"is_active": True})
    assert rows(ENTRIES) == [("default", *FRESH, "PENDING")]


def test_deleting_stops_checks_and_leaves_the_history_to_be_purged(app, alice, rows):
    service = make_service(alice)
    assert alice.delete(f"/services/{service['id']}").status_code == 204
    assert rows("SELECT count(*) FROM schedule_entries") == [(0,)]
    assert [str(id) for (id,) in rows("SELECT service_id FROM history_purges")] == [service["id"]]
    assert events(app, alice)[-1] == ("service.deleted", service)


def test_what_regions_saw_is_put_together(alice, rows):
    service = make_service(alice, regions=["a", "b"])
    rows(
        "UPDATE schedule_entries SET last_checked_at = '2026-03-02T14:00:00Z',"
        " last_response_time_ms = 12.3, last_error = 'refused' WHERE region = 'a'"
    )
    rows(
        "UPDATE schedule_entries SET last_checked_at = '2026-03-02T14:00:01Z',"
        " last_response_time_ms = 45.6, next_due_at = '2030-01-01T00:00:00Z' WHERE region = 'b'"
    )
    answer = alice.get(f"/services/{service['id']}").json
    assert answer["last_checked_at"] == "2026-03-02T14:00:01.000000Z"
    assert answer["last_response_time_ms"] == 45.6
    assert answer["last_error"] == "refused"
    assert answer["next_check_at"] < "2030"


def test_the_plan_limit_holds_when_many_create_at_once(alice, rows):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: alice.post("/services", service_body()), range(16)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 5 + [403] * 11
    assert rows("SELECT count(*) FROM services") == [(5,)]


def test_two_edits_at_once_do_not_close_a_circle(alice):
    first, second = make_service(alice)["id"], make_service(alice)["id"]

    def need(pair):
        return alice.patch(f"/services/{pair[0]}", {"depends_on": [pair[1]]}).status_code

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            statuses = sorted(pool.map(need, [(first, second), (second, first)]))
        assert statuses == [200, 422]
        for id in (first, second):
            alice.patch(f"/services/{id}", {"depends_on": []})


def test_no_edit_is_lost_when_many_come_at_once(alice, rows):
    service = make_service(alice)

    def change(number):
        body = {"action": "tag", "ids": [service["id"]], "tags": [f"t{number}"]}
        return alice.post("/services/bulk", body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(change, range(24))) == {200}
    assert len(alice.get(f"/services/{service['id']}").json["tags"]) == 24
    assert rows("SELECT version FROM services") == [(25,)]


def test_writes_succeed_while_redis_is_away(app, alice, rows):
    before = app.extensions["runtime"]
    away = connect("redis://127.0.0.1:1")
    app.extensions["runtime"] = replace(before, redis=away, hints=Hints(away), feed=Feed(away))
    try:
        service = make_service(alice)
        assert alice.patch(f"/services/{service['id']}", {"name": "x"}).status_code == 200
        assert alice.delete(f"/services/{service['id']}").status_code == 204
        ready = app.test_client().get("/ready")
        assert (ready.status_code, ready.json["degraded"]) == (200, ["redis"])
        assert ready.json["late"][0]["problem"] == "redis does not answer"
    finally:
        app.extensions["runtime"] = before
    assert rows("SELECT count(*) FROM history_purges") == [(1,)]
