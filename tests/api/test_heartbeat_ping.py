"""Pings: what is taken, what is answered, and what they make of a heartbeat."""

import logging
from io import BytesIO
from uuid import uuid4

import pytest
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize

from app.ingest import batcher
from app.ingest.unknown_keys import UnknownKeyLimit
from app.platform import logs
from tests.heartbeats import age, make_heartbeat

BOTH = ["/api/v1/heartbeat", "/ping"]


@pytest.fixture(autouse=True)
def nobody_has_missed(web):
    batcher.batcher_of(web).unknown_keys = UnknownKeyLimit()


@pytest.fixture
def heartbeat(alice):
    return make_heartbeat(alice)


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "PUT"])
def test_the_documented_answer(ping, pings, heartbeat, method):
    answer = ping(method=method, headers={"User-Agent": "curl/8.5.0"})
    assert answer.status_code == 200
    (stored,) = pings()
    if method == "HEAD":
        assert answer.data == b""
    else:
        pinged_at = stored["received_at"]
        expected = {"status": "ok", "monitor": heartbeat["name"], "pinged_at": pinged_at}
        assert answer.json == expected
    assert (stored["kind"], stored["user_agent"]) == ("success", "curl/8.5.0")
    assert stored["remote_addr"] == "127.0.0.1"
    assert stored["body"] is None


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "PUT"])
@pytest.mark.parametrize("suffix", ["", "/start", "/fail", "/log", "/0", "/7"])
def test_clients_of_healthchecks_are_answered_as_there(ping, pings, method, suffix):
    answer = ping(suffix, method, "/ping")
    assert answer.status_code == 200
    assert answer.data == (b"" if method == "HEAD" else b"OK")
    assert answer.headers["Ping-Body-Limit"] == "10000"
    assert len(pings()) == 1


@pytest.mark.parametrize(
    ("suffix", "kind", "exit_status", "status"),
    [
        ("", "success", None, "healthy"),
        ("/start", "start", None, "running"),
        ("/fail", "fail", None, "failed"),
        ("/log", "log", None, "healthy"),
        ("/0", "success", 0, "healthy"),
        ("/1", "fail", 1, "failed"),
        ("/255", "fail", 255, "failed"),
        ("/007", "fail", 7, "failed"),
        ("/256", "fail", None, "failed"),
        ("/3221225477", "fail", None, "failed"),
        ("/-1", "fail", None, "failed"),
    ],
)
@pytest.mark.parametrize("prefix", BOTH)
def test_what_a_ping_says(ping, pings, now, prefix, suffix, kind, exit_status, status):
    assert ping(suffix, prefix=prefix).status_code == 200
    (stored,) = pings()
    assert (stored["kind"], stored["exit_status"]) == (kind, exit_status)
    assert now()["status"] == status


NO_ACTION = "no such action: use start, fail, log or an exit status; nothing was stored"


@pytest.mark.parametrize(
    ("suffix", "status", "text", "as_healthchecks"),
    [
        ("/stop", 404, NO_ACTION, (404, NO_ACTION)),
        ("/success", 404, NO_ACTION, (404, NO_ACTION)),
        ("/1.5", 404, NO_ACTION, (404, NO_ACTION)),
        ("/--1", 404, NO_ACTION, (404, NO_ACTION)),
        ("/%D9%A1", 404, NO_ACTION, (404, NO_ACTION)),
    ],
)
def test_what_is_refused(ping, pings, suffix, status, text, as_healthchecks):
    answer = ping(suffix)
    assert answer.status_code == status
    assert text in answer.json["error"]
    answer = ping(suffix, prefix="/ping")
    assert (answer.status_code, answer.text) == as_healthchecks
    assert pings() == []


@pytest.mark.parametrize("prefix", BOTH)
def test_every_wrong_key_is_answered_the_same(ping, heartbeat, prefix):
    keys = ["x", heartbeat["unique_key"][:-1], heartbeat["unique_key"].upper(), "%20", "k" * 5000]
    answers = {(a.status_code, a.data) for a in (ping(key=key, prefix=prefix) for key in keys)}
    assert answers == {(404, b'{"error":"not found"}' if prefix != "/ping" else b"not found")}
    assert ping(key=heartbeat["badge_key"]).status_code == 404
    assert ping(key="a\x00b").status_code == 404


def test_misses_are_limited_per_address_and_known_keys_are_not(ping, configure):
    configure(rate_limits=True)
    statuses = [ping(key=f"wrong-{n}").status_code for n in range(120)]
    assert set(statuses[:50]) == {404}
    refused = ping(key="wrong")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert ping(key="wrong", prefix="/ping").status_code == 429
    assert ping().status_code == 200
    other = ping(key="wrong", environ_base={"REMOTE_ADDR": "127.0.0.9"})
    assert other.status_code == 404


def test_the_limit_can_be_switched_off(ping, configure):
    configure(rate_limits=False)
    assert {ping(key="wrong").status_code for _ in range(120)} == {404}


@pytest.mark.parametrize(
    ("body", "content_type", "kept"),
    [
        (b"backed up 42 files", "text/plain", "backed up 42 files"),
        (b'{"broken', "application/json", '{"broken'),
        (b"a=1&b=2", "application/x-www-form-urlencoded", "a=1&b=2"),
        (b"--x\r\n", "multipart/form-data; boundary=x", "--x\r\n"),
        (b"\xff\x00\xfe", "application/octet-stream", "\ufffd\x00\ufffd"),
        (b"x" * 10_001, "text/plain", "x" * 10_000),
        (b"y" * 1_048_576, "text/plain", "y" * 10_000),
        (b"", "text/plain", None),
    ],
)
def test_bodies_of_every_kind_are_kept_and_cut(ping, pings, body, content_type, kept):
    assert ping(data=body, content_type=content_type).status_code == 200
    assert pings()[0]["body"] == kept


@pytest.mark.parametrize("prefix", BOTH)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_no_body_is_too_large(ping, pings, prefix, is_chunked):
    body = b"z" * 1_048_577
    options = {"data": body}
    if is_chunked:
        chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        options = {"input_stream": BytesIO(body), "environ_overrides": chunked}
    assert ping("/fail", prefix=prefix, **options).status_code == 200
    assert [(p["kind"], len(p["body"])) for p in pings()] == [("fail", 10_000)]


@pytest.mark.parametrize("key", [None, "wrong"])
@pytest.mark.parametrize("error", [InvalidChunkSize(b"zz"), ChunkMissingTerminator(b"ab")])
def test_what_is_no_http_is_refused_and_not_kept(ping, pings, key, error):
    class Broken:
        def read(self, size):
            raise error

    chunked = {"wsgi.input": Broken(), "HTTP_TRANSFER_ENCODING": "chunked"}
    for prefix in BOTH:
        answer = ping(prefix=prefix, key=key, environ_overrides=chunked)
        assert answer.status_code == 400
        assert "not valid HTTP" in answer.text
    assert pings() == []


@pytest.mark.parametrize("prefix", BOTH)
def test_a_log_that_is_uploaded_by_put_is_kept(ping, pings, prefix):
    assert ping("/fail", "PUT", prefix, data=b"42 files").status_code == 200
    assert pings()[0]["body"] == "42 files"


@pytest.mark.parametrize(
    ("method", "suffix", "options", "status"),
    [
        ("DELETE", "", {}, 405),
        ("POST", "/\x01", {}, 404),
        ("POST", "?a=%FF", {"data": b"x"}, 200),
        ("POST", "/fail/", {}, 200),
        ("POST", "/fail/more", {}, 404),
    ],
)
def test_clients_of_healthchecks_are_refused_in_plain_text(ping, method, suffix, options, status):
    answer = ping(suffix, method, "/ping", **options)
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    assert "{" not in answer.text


def test_strange_agents_do_no_harm(ping, pings):
    assert ping(headers={"User-Agent": "a\tb\x7f" + "c" * 500}).status_code == 200
    assert pings()[0]["user_agent"] == "a b " + "c" * 196


def test_a_run_is_measured(ping, pings, now, heartbeat, rows):
    ping("/start")
    assert now()["running"] == 1
    age(rows, heartbeat["id"], seconds=90)
    ping()
    done = pings()[0]
    assert 90_000 <= done["duration_ms"] < 95_000
    seen = now()
    assert (seen["status"], seen["running"]) == ("healthy", 0)
    assert seen["last_duration_ms"] == done["duration_ms"]


def test_overlapping_runs_are_paired_by_their_ids(ping, pings, now, heartbeat, rows):
    first, second = str(uuid4()), uuid4().hex
    ping(f"/start?rid={first}")
    age(rows, heartbeat["id"], seconds=60)
    ping(f"/start?rid={second}")
    age(rows, heartbeat["id"], seconds=30)
    ping(f"?rid={second}")
    assert now()["status"] == "running", "the first one goes on"
    ping(f"/0?rid={first.upper()}")
    assert now()["status"] == "healthy"
    ended = [(p["run_id"], round(p["duration_ms"] / 1000)) for p in pings()[:2]]
    assert ended[0] == (first, 90)
    assert ended[1][1] == 30


@pytest.mark.parametrize("prefix", BOTH)
@pytest.mark.parametrize(
    "text", ["7", "$RUN", "nightly/2026-11-27", "%00", "%ED%A0%80", "9" * 3000]
)
def test_a_run_id_of_any_text_pairs_and_loses_no_ping(ping, pings, now, prefix, text):
    assert ping(f"/start?rid={text}", prefix=prefix).status_code == 200
    assert ping("/start?rid=another", prefix=prefix).status_code == 200
    assert ping(f"?rid={text}", prefix=prefix).status_code == 200
    assert now()["status"] == "running", "the other one goes on"
    assert ping("?rid=another", prefix=prefix).status_code == 200
    assert now()["status"] == "healthy"
    assert len({one["run_id"] for one in pings()}) == 2


@pytest.mark.parametrize("prefix", BOTH)
def test_an_empty_run_id_is_none(ping, pings, now, prefix):
    assert ping("/start?rid=", prefix=prefix).status_code == 200
    assert ping("?rid=", prefix=prefix).status_code == 200
    assert now()["status"] == "healthy"
    assert {one["run_id"] for one in pings()} == {None}


@pytest.mark.parametrize(
    ("limits", "elapsed", "part"),
    [
        ({"max_duration_seconds": 60}, 61, "more than 60 s"),
        ({"min_duration_seconds": 60}, 30, "less than 60 s"),
    ],
)
def test_a_run_too_long_or_too_short_is_a_fault(client, alice, rows, limits, elapsed, part):
    heartbeat = make_heartbeat(alice, **limits)
    path = f"/api/v1/heartbeat/{heartbeat['unique_key']}"
    client.post(f"{path}/start")
    age(rows, heartbeat["id"], seconds=elapsed)
    assert client.post(path).status_code == 200
    seen = alice.get(f"/heartbeats/{heartbeat['id']}").json
    assert seen["status"] == "failed"
    assert part in seen["status_reason"]


def test_pings_too_often_are_a_fault(client, alice):
    heartbeat = make_heartbeat(alice, min_interval_seconds=600)
    path = f"/api/v1/heartbeat/{heartbeat['unique_key']}"
    client.post(path)
    assert alice.get(f"/heartbeats/{heartbeat['id']}").json["status"] == "healthy"
    client.post(path)
    assert "sooner than 600 s" in alice.get(f"/heartbeats/{heartbeat['id']}").json["status_reason"]


def test_a_paused_heartbeat_keeps_its_pings_and_stays_paused(alice, ping, pings, now, heartbeat):
    alice.post(f"/heartbeats/{heartbeat['id']}/pause")
    assert ping("/fail").status_code == 200
    assert now()["status"] == "paused"
    assert [p["kind"] for p in pings()] == ["fail"]


def test_the_old_key_works_for_an_hour(alice, ping, pings, heartbeat, rows):
    rotated = alice.post(f"/heartbeats/{heartbeat['id']}/rotate-key").json
    assert ping().status_code == 200
    assert ping(key=rotated["unique_key"]).status_code == 200
    assert len(pings()) == 2
    rows("UPDATE heartbeats SET previous_key_until = now() - interval '1 second'")
    assert ping().status_code == 404
    assert ping(key=rotated["unique_key"]).status_code == 200


def test_keys_reach_no_log(ping, heartbeat, caplog, new_log):
    with caplog.at_level(logging.INFO):
        for suffix in ("", "/start", "/fail", "/stop"):
            for prefix in BOTH:
                ping(suffix, prefix=prefix)
    lines = [logs.clean(str(vars(record))) for record in caplog.records]
    assert lines
    assert not [line for line in lines if heartbeat["unique_key"] in line]
