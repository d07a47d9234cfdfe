"""`Idempotency-Key`: a POST that is sent again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.operations.services import services
from app.platform.errors import Unavailable
from tests.factories import make_member, service_body

KEY = {"Idempotency-Key": "order-1"}


def count(rows):
    ((found,),) = rows("SELECT count(*) FROM services")
    return found


def test_the_first_answer_is_repeated(alice, rows):
    first = alice.post("/services", service_body(), headers=KEY)
    again = alice.post("/services", service_body(), headers=KEY)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.mimetype == "application/json"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count(rows) == 1


def test_refusals_are_repeated_too(alice, rows):
    first = alice.post("/services", service_body(name=""), headers=KEY)
    again = alice.post("/services", service_body(name=""), headers=KEY)
    assert (first.status_code, again.data) == (422, first.data)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/services", service_body(name="Other")),
        ("/services?org=", service_body()),
        ("/teams", service_body()),
    ],
)
def test_the_same_key_with_another_request(alice, rows, path, body):
    alice.post("/services", service_body(), headers=KEY)
    answer = alice.post(path, body, headers=KEY)
    assert answer.status_code in (404, 422)
    assert count(rows) == 1


def test_keys_belong_to_a_caller(app, alice, bob, client, rows):
    made = alice.post("/api-keys", {"name": "k", "scopes": ["write"]}).json["key"]
    for person in (alice, bob):
        assert person.post("/services", service_body(), headers=KEY).status_code == 201
    program = KEY | {"Authorization": f"Bearer {made}"}
    answer = client.post("/api/v1/services", json=service_body(), headers=program)
    assert answer.status_code == 201
    assert count(rows) == 3


def test_many_at_once_are_carried_out_once(alice, rows):
    def create(_):
        return alice.post("/services", service_body(), headers=KEY)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert count(rows) == 1


def test_a_request_that_takes_long_is_named(alice, monkeypatch):
    go_on, arrived = threading.Event(), threading.Event()
    real = services.create

    def slow(*args):
        arrived.set()
        go_on.wait(60)
        return real(*args)

    monkeypatch.setattr(services, "create", slow)
    monkeypatch.setattr("app.api.idempotency._PATIENCE_SECONDS", 0.2)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(alice.post, "/services", service_body(), headers=KEY)
        assert arrived.wait(30)
        second = alice.post("/services", service_body(), headers=KEY)
        go_on.set()
        assert first.result().status_code == 201
    assert second.status_code == 409
    assert "under way" in second.json["error"]
    assert second.headers["Retry-After"] == "1"


def test_what_failed_by_us_is_carried_out_again(alice, monkeypatch, rows):
    def away(*_):
        raise Unavailable("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(services, "create", away)
        assert alice.post("/services", service_body(), headers=KEY).status_code == 503
    assert alice.post("/services", service_body(), headers=KEY).status_code == 201
    assert count(rows) == 1


def test_after_a_kill_before_the_deed_it_is_done(alice, rows):
    alice.post("/services", service_body(), headers=KEY)
    rows("DELETE FROM services")
    rows(
        "UPDATE idempotency_keys SET status_code = NULL, answer = NULL, has_written = false,"
        " created_at = now() - interval '3 minutes'"
    )
    assert alice.post("/services", service_body(), headers=KEY).status_code == 201
    assert count(rows) == 1


def test_after_a_kill_behind_the_deed_it_is_not_done_twice(alice, rows):
    alice.post("/services", service_body(), headers=KEY)
    assert rows("SELECT has_written FROM idempotency_keys") == [(True,)]
    rows(
        "UPDATE idempotency_keys SET status_code = NULL, answer = NULL,"
        " created_at = now() - interval '3 minutes'"
    )
    answer = alice.post("/services", service_body(), headers=KEY)
    assert answer.status_code == 409
    assert "carried out" in answer.json["error"]
    assert count(rows) == 1


def test_a_day_later_the_key_is_new(alice, rows):
    alice.post("/services", service_body(), headers=KEY)
    rows("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    assert alice.post("/services", service_body(name="Other"), headers=KEY).status_code == 201
    assert count(rows) == 2


def test_answers_are_kept_sealed(alice, rows):
    made = alice.post("/api-keys", {"name": "k", "scopes": ["read"]}, headers=KEY).json
    again = alice.post("/api-keys", {"name": "k", "scopes": ["read"]}, headers=KEY).json
    assert again["key"] == made["key"]
    assert made["key"] not in str(rows("SELECT answer::text FROM idempotency_keys"))


def test_a_key_does_not_outlive_access(app, alice, rows):
    editor = make_member(app, alice, "Ed", "editor")
    editor.post("/services", service_body(), headers=KEY)
    alice.patch(f"/members/{editor.user_id}", {"role": "viewer"})
    assert editor.post("/services", service_body(), headers=KEY).status_code == 403


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ä"])
def test_bad_keys(alice, key):
    headers = {"Idempotency-Key": key}
    assert alice.post("/services", service_body(), headers=headers).status_code == 422


def test_answers_without_a_body(alice):
    alice.post("/auth/logout-all", headers=KEY)
    fresh = alice.with_epoch(1)
    again = fresh.post("/auth/logout-all", headers=KEY)
    assert (again.status_code, again.data) == (204, b"")
    assert fresh.get("/profile").status_code == 200, "it was not done again"
