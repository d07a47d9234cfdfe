"""Around every request: its id, its log line, the headers of its answer."""

import logging
from collections import Counter

import pytest

from app.api.request_log import RequestLog


def test_a_request_id_is_taken_or_made(client):
    assert client.get("/health", headers={"X-Request-Id": "a.B_c-1"}).headers["X-Request-Id"] == (
        "a.B_c-1"
    )
    for bad in ("", "x" * 65, "a b", "a\x1bb", "ä", "<script>"):
        answer = client.get("/health", headers={"X-Request-Id": bad})
        assert len(answer.headers["X-Request-Id"]) == 32
    ids = {client.get("/health").headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("path", ["/health", "/api/v1/services", "/nowhere", "/api/v1/docs"])
def test_security_headers_are_everywhere(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"]


def test_answers_of_the_api_are_not_kept(alice):
    assert alice.get("/services").headers["Cache-Control"] == "no-store"


def test_one_line_a_request_and_no_secret_in_it(alice, caplog):
    with caplog.at_level(logging.INFO, logger="app"):
        alice.get("/services?q=private-words", headers={"X-Request-Id": "line-1"})
    (line,) = [record for record in caplog.records if record.message == "request"]
    assert (line.method, line.path, line.status) == ("GET", "/api/v1/services", 200)
    assert line.duration_ms > 0
    assert "private-words" not in str(line.__dict__)
    assert alice.token not in str(line.__dict__)


def test_refused_requests_are_counted_not_logged_one_by_one(client, alice, caplog, new_log):
    """A thousand refusals a second were 100 kB of log a second."""
    with caplog.at_level(logging.INFO, logger="app"):
        for _ in range(60):
            client.get("/api/v1/services", environ_base={"REMOTE_ADDR": "203.0.113.77"})
            alice.get("/services")
    lines = Counter(record.status for record in caplog.records if record.message == "request")
    assert lines[200] == 60, "who signed in is limited elsewhere"
    assert lines[401] == 20, "of one window"


def test_one_line_says_what_has_none(caplog, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("app.api.request_log.monotonic", lambda: now)
    requests = RequestLog()
    with caplog.at_level(logging.INFO, logger="app"):
        for _ in range(300):
            requests.add("203.0.113.1", 401, is_known=False, path="/x")
            requests.add("203.0.113.2", 403, is_known=True, path="/x")
        now += 11
        requests.add("203.0.113.3", 200, is_known=False, path="/x")
    assert [r.message for r in caplog.records].count("request") == 41
    (summary,) = [record for record in caplog.records if "without a line" in record.message]
    assert (summary.count, summary.by_status) == (560, {"401": 280, "403": 280})
    assert summary.most_from == {"203.0.113.1": 280, "203.0.113.2": 280}


def test_many_addresses_and_long_paths_do_not_fill_the_log_either(caplog, monkeypatch):
    monkeypatch.setattr("app.api.request_log.monotonic", lambda: 1000.0)  # one window
    requests = RequestLog()
    with caplog.at_level(logging.INFO, logger="app"):
        for number in range(600):
            requests.add(f"203.0.113.{number % 250}", 404, is_known=False, path="/" + "x" * 5000)
    lines = [record for record in caplog.records if record.message == "request"]
    assert len(lines) == 200
    assert max(len(record.path) for record in lines) == 200


def test_an_address_that_is_put_right_stays_at_this_server(client):
    answer = client.get("/ops/rq/0/view/queues?a=b", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "/ops/rq/?a=b")
