"""/practice: the service that fails for a while, and the page it watches."""

from datetime import timedelta

import pytest
from redis import RedisError

from app.platform import clock
from app.security import practice_links
from tests.factories import make_member, make_service

BASE = "http://localhost"


def target_of(answer):
    assert answer.status_code == 200, answer.text
    return answer.json["service"]["endpoint"].removeprefix(BASE)


def test_start_again_and_remove(alice, rows):
    assert alice.get("/practice").json["service"] is None
    first = alice.post("/practice")
    service = first.json["service"]
    assert (service["name"], service["check_interval_seconds"]) == ("Practice", 10)
    assert first.json["alert"] is None
    rows("UPDATE services SET is_active = false")
    again = alice.post("/practice")
    assert again.json["service"]["id"] == service["id"]
    assert again.json["service"]["is_active"] is True
    assert target_of(again) != target_of(first)
    assert alice.get("/practice").json["service"]["id"] == service["id"]
    for _ in range(2):
        assert alice.delete("/practice").status_code == 204
    assert alice.get("/services").json == []


def test_it_fails_for_a_while_from_the_first_question(client, alice, monkeypatch):
    path = target_of(alice.post("/practice"))
    later = clock.utcnow()
    moments = {"now": later}
    monkeypatch.setattr(practice_links, "utcnow", lambda: moments["now"])
    from_then = [(600, 503), (610, 503), (619, 503), (621, 200), (9_000, 200), (200_000, 200)]
    for seconds, status in from_then:  # the worker came ten minutes late
        moments["now"] = later + timedelta(seconds=seconds)
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (status, "text/plain"), seconds


def test_without_redis_it_fails_from_when_it_was_made(client, alice, app, monkeypatch):
    path = target_of(alice.post("/practice"))

    def away(*_, **__):
        raise RedisError

    monkeypatch.setattr(app.extensions["runtime"].redis, "set", away)
    assert client.get(path).status_code == 503


@pytest.mark.parametrize("token", ["x", "WyJhIl0.x.y"])
def test_other_addresses_are_nobodys(client, alice, token):
    answer = client.get(f"/api/v1/practice/target/{token}")
    assert (answer.status_code, answer.json) == (404, {"error": "not found"})


def test_organizations_practise_apart(alice, charlie):
    mine, theirs = alice.post("/practice").json, charlie.post("/practice").json
    assert mine["service"]["id"] != theirs["service"]["id"]
    charlie.delete("/practice")
    assert alice.get("/practice").json["service"]["id"] == mine["service"]["id"]


def test_roles_and_limits(app, alice):
    viewer = make_member(app, alice, "Vera", "viewer")
    assert viewer.get("/practice").status_code == 200
    assert viewer.post("/practice").status_code == 403
    assert viewer.delete("/practice").status_code == 403
    for _ in range(5):
        make_service(alice)
    assert alice.post("/practice").status_code == 403
