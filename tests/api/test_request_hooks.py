"""Around every request: its id, its log line, the headers of its answer."""

import logging

import pytest


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
