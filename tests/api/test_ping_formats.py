"""Ping addresses as other products have them: a clear word of failure is one."""

import pytest
from gunicorn.http.errors import ChunkMissingTerminator, NoMoreData
from werkzeug.exceptions import RequestTimeout

from tests.heartbeats import make_heartbeat


@pytest.fixture
def heartbeat(alice):
    return make_heartbeat(alice)


SAID = [
    ("?status=up&msg=OK&ping=12", "success", None, "OK"),
    ("?status=down&msg=disk+full&ping=", "fail", None, "disk full"),
    ("?status=DOWN", "fail", None, None),
    ("?state=run", "start", None, None),
    ("?state=complete&message=done", "success", None, "done"),
    ("?state=fail&status_code=3&message=broken", "fail", 3, "broken"),
    ("?state=ok", "success", None, None),
    ("?success=true&duration=10s", "success", None, None),
    ("?success=false&error=timeout", "fail", None, "timeout"),
    ("?status=in_progress", "start", None, None),
    ("?status=error", "fail", None, None),
    ("?status=cancelled", "fail", None, None),
    ("?status=ABORTED", "fail", None, None),
    ("?status=exit-code&exit_status=4", "fail", 4, None),
    ("?status=timeout", "fail", None, None),
    ("?status=unhealthy", "fail", None, None),
    ("?status=success", "success", None, None),
    ("?s=0&m=fine", "success", 0, "fine"),
    ("?s=7", "fail", 7, None),
    ("?exit_code=2", "fail", 2, None),
    ("?s=256", "fail", None, None),
    ("?s=-1", "fail", None, None),
    ("?s=error", "fail", None, None),
    ("?s=", "success", None, None),
    ("?exit_code=3221225477", "fail", None, None),
    ("?exit_code=unknown", "success", None, None),
    ("?s=0&exit_status=1", "fail", 1, None),
    ("?state=fail&status_code=-1", "fail", None, None),
    ("?status=degraded", "success", None, None),
    ("?status=", "success", None, None),
    ("?name=down", "success", None, None),
    ("/0?status=down", "success", 0, None),
    ("/log?status=down", "log", None, None),
    ("/starting", "start", None, None),
    ("/run", "start", None, None),
    ("/complete", "success", None, None),
    ("/finished", "success", None, None),
    ("/finished?exit_code=2&runtime=5", "fail", 2, None),
    ("/finished?exit_code=0", "success", None, None),
    ("/complete?state=fail", "fail", None, None),
    ("/start?status=down", "start", None, None),
    ("/failed", "fail", None, None),
]


@pytest.mark.parametrize(("address", "kind", "exit_status", "body"), SAID)
def test_addresses_of_other_products_are_understood(ping, pings, address, kind, exit_status, body):
    assert ping(address, "GET").status_code == 200
    found = pings()[0]
    assert (found["kind"], found["exit_status"], found["body"]) == (kind, exit_status, body)


FORM, JSON = "application/x-www-form-urlencoded", "application/json"
POSTED = [
    ("", FORM, b"status=down&msg=disk+full", "fail", None),
    ("", f"{FORM}; charset=utf-8", b"s=7", "fail", 7),
    ("", FORM, b"status=up&msg=OK", "success", None),
    ("", FORM, b"status=in_progress", "start", None),
    ("", FORM, b"status=down&status=up", "fail", None),
    ("", JSON, b'{"status": "down"}', "fail", None),
    ("", "Application/JSON; charset=utf-8", b'{"status": "down"}', "fail", None),
    ("", JSON, b'{"monitor_config": {"schedule": {}}, "status": "in_progress"}', "start", None),
    ("", JSON, b'{"success": false, "error": "timeout"}', "fail", None),
    ("", JSON, b'{"exit_code": 2}', "fail", 2),
    ("", JSON, b'{"status": "error", "output": "\\u001b[31m\\u0000"}', "fail", None),
    ("", JSON, b'{"exit_code": 0}', "success", 0),
    ("/finished", JSON, b'{"exit_code": 2}', "fail", 2),
    # What is no form, no object, or says nothing clear, is what a job has printed.
    ("", "text/plain", b"status=down", "success", None),
    ("", "", b"status=down", "success", None),
    ("", FORM, b"status=down\n42 files\n", "success", None),
    ("", FORM, b"rsync: status=down", "success", None),
    ("", FORM, b"s=copied 3 files", "success", None),
    ("", FORM, b"\xff\xfe=1&status=down", "success", None),
    ("", JSON, b'["status", "down"]', "success", None),
    ("", JSON, b'{"service": {"status": "down"}}', "success", None),
    ("", JSON, b'{"status": ["down"]}', "success", None),
    ("", JSON, b'{"status": "down"', "success", None),
    ("", JSON, b"[" * 9_000, "success", None),
    ("", JSON, b'{"exit_code": ' + b"9" * 5_000 + b"}", "success", None),
    ("", JSON, b"\xff", "success", None),
    # The address counts before the body.
    ("?status=up", FORM, b"status=down", "success", None),
    ("?exit_code=0", JSON, b'{"status": "down"}', "success", 0),
    ("?msg=fine", FORM, b"status=down", "fail", None),
    ("/0", JSON, b'{"status": "down"}', "success", 0),
    ("/log", JSON, b'{"status": "down"}', "log", None),
    ("/start", FORM, b"status=down", "start", None),
]


@pytest.mark.parametrize(("address", "content_type", "body", "kind", "exit_status"), POSTED)
def test_a_form_or_json_says_what_a_query_would(
    ping, pings, address, content_type, body, kind, exit_status
):
    assert ping(address, data=body, content_type=content_type).status_code == 200
    found = pings()[0]
    assert (found["kind"], found["exit_status"]) == (kind, exit_status)
    assert found["body"] == body.decode("utf-8", "replace"), "the body is kept as it came"


def test_a_body_counts_before_the_text_of_the_query(ping, pings):
    ping("?status=down&msg=short", data=b"the whole output")
    assert pings()[0]["body"] == "the whole output"


@pytest.mark.parametrize(
    "error",
    [NoMoreData(), ChunkMissingTerminator(b""), ConnectionResetError(), RequestTimeout("slow")],
    ids=repr,
)
def test_a_body_that_is_cut_is_no_reason_to_refuse(ping, pings, error):
    class Cut:
        pieces = iter((b"disk full",))

        def read(self, size):
            for piece in self.pieces:
                return piece
            raise error

    chunked = {"wsgi.input": Cut(), "HTTP_TRANSFER_ENCODING": "chunked"}
    assert ping("/fail", environ_overrides=chunked).status_code == 200
    said = "disk full\n[body cut: the connection closed or stalled before its end]"
    assert [(one["kind"], one["body"]) for one in pings()] == [("fail", said)]
