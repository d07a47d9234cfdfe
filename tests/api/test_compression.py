"""Answers over the wire: gzip for who takes it, entity tags, 304 for who has it already."""

import gzip
import json

import pytest

from tests.factories import API, make_service

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def many(alice, configure):
    """A list that takes more than a kilobyte."""
    configure(plan_limits=False)
    return [make_service(alice, name=f"Shop {n}") for n in range(5)]


def test_a_large_answer_is_compressed(alice, many):
    plain = alice.get("/services")
    small = alice.get("/services", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 3
    assert json.loads(gzip.decompress(small.data)) == plain.json
    for answer in (plain, small):
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("accepted", ["", "br", "identity", "gzip;q=0", "*;q=0"])
def test_nobody_gets_what_they_do_not_take(alice, many, accepted):
    answer = alice.get("/services", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert len(answer.json) == 5


def test_a_small_answer_is_left_alone(alice):
    assert "Content-Encoding" not in alice.get("/services", headers=GZIP).headers


def test_a_failure_is_compressed_like_an_answer(alice, many):
    body = dict.fromkeys(("name", "endpoint", *(f"field_{n}" for n in range(60))), "x")
    answer = alice.post("/services", body, headers=GZIP)
    assert answer.status_code == 422
    assert "fields" in json.loads(gzip.decompress(answer.data))


def test_what_a_caller_has_is_not_sent_again(alice, many):
    first = alice.get("/services", headers=GZIP)
    etag = first.headers["ETag"]
    for headers in (GZIP, {}):
        again = alice.get("/services", headers=headers | {"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == etag
        assert "Content-Encoding" not in again.headers
    alice.patch(f"/services/{many[0]['id']}", {"name": "Another"})
    changed = alice.get("/services", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_a_tag_covers_the_count_of_all(alice, many):
    before = alice.get("/services?limit=1&q=Shop 4").headers["ETag"]
    everything = alice.get("/services?limit=1").headers["ETag"]
    assert before != everything, "the same item, but not the same list"


def test_a_tag_of_somebody_else_tells_nothing(alice, bob, charlie, many):
    etag = alice.get("/services").headers["ETag"]
    assert charlie.get("/services", headers={"If-None-Match": etag}).status_code == 200
    assert (
        alice.app.test_client().get(f"{API}/services", headers={"If-None-Match": etag}).status_code
        == 401
    )
    assert bob.get("/services", headers={"If-None-Match": etag}).status_code == 304


def test_writes_carry_no_tag(alice):
    assert "ETag" not in alice.post("/heartbeats", {"name": "x"}).headers
    assert "ETag" not in alice.get("/services/no-such").headers


def test_answers_are_not_kept_on_disk(alice, many):
    assert alice.get("/services").headers["Cache-Control"] == "no-store"


def test_what_never_changes_is_compressed_too(client):
    for path, kind in (("/openapi.json", "application/json"), ("/docs", "text/html")):
        small = client.get(f"{API}{path}", headers=GZIP)
        assert small.mimetype == kind
        etag = client.get(f"{API}/openapi.json").headers["ETag"]
    page = f"{API}/docs"
    small, plain = client.get(page, headers=GZIP), client.get(page)
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data) / 3
    again = client.get(f"{API}/openapi.json", headers=GZIP | {"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
