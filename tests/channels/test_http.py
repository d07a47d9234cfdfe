"""What an answer means: what heals, and when to come back."""

import json
import socketserver
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from app.channels import DeliveryError
from tests.channels.sending import message, send
from tests.channels.stations import station
from tests.receivers import Answer, HttpReceiver


def failure(answer):
    with HttpReceiver([answer]) as receiver, pytest.raises(DeliveryError) as caught:
        send("webhook", message(), {"url": receiver.url})
    return caught.value


HEALING = (300, 304, 408, 425, 429, 500, 501, 502, 504, 599)
FINAL = (400, 401, 403, 404, 410, 422, 499)


@pytest.mark.parametrize("status", HEALING + FINAL)
def test_which_status_codes_are_worth_another_try(status):
    error = failure(status)
    assert error.permanent is (status in FINAL)
    assert error.status_code == status
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_success(status):
    with HttpReceiver([Answer(status, "")]) as receiver:
        assert send("webhook", message(), {"url": receiver.url}).status_code == status


@pytest.mark.parametrize("verdict", [{"ok": False, "error": "no such room"}, {"success": False}])
def test_a_200_that_says_no_is_a_failure_that_may_heal(verdict):
    error = failure(Answer(200, json.dumps(verdict)))
    assert (error.permanent, error.status_code) == (False, 200)
    words = ": no such room" if "error" in verdict else ""
    assert (
        str(error) == f"the receiver answered 200 but says that it did not take the message{words}"
    )


@pytest.mark.parametrize(
    "body", ['{"ok": true}', '{"ok": 0}', "[false]", "false", "{", '{"a": false}']
)
def test_a_200_with_other_words_is_success(body):
    with HttpReceiver([Answer(200, body)]) as receiver:
        assert send("webhook", message(), {"url": receiver.url}).status_code == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("1.5", 1.5), ("999999999", 86_400), ("-1", None), ("soon", None)],
)
def test_seconds_to_wait(header, seconds):
    assert failure(Answer(503, headers={"Retry-After": header})).retry_after_seconds == seconds


def test_a_date_to_wait_for():
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    wait = failure(Answer(429, headers={"Retry-After": at})).retry_after_seconds
    assert wait == pytest.approx(90, abs=3)
    past = format_datetime(datetime.now(UTC) - timedelta(days=9), usegmt=True)
    assert failure(Answer(429, headers={"Retry-After": past})).retry_after_seconds == 0


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"retry_after": 0.65}, 0.65),
        ({"ok": False, "parameters": {"retry_after": 35}}, 35),
        ({"retry_after": "x"}, None),
        ({"retry_after": True}, None),
        ({"parameters": None}, None),
        ("[1]", None),
        ("[" * 5_000, None),
    ],
)
def test_seconds_in_the_body(body, seconds):
    assert failure(Answer(429, body)).retry_after_seconds == seconds


def test_a_permanent_failure_has_no_time_to_come_back():
    assert failure(Answer(400, headers={"Retry-After": "7"})).retry_after_seconds is None


def test_the_answer_is_kept_for_the_log():
    error = failure(Answer(500, "<h1>no\x07 disk</h1>\r\nleft"))
    assert error.answer == "<h1>no disk</h1>\nleft"


@pytest.mark.parametrize("kind", ["slack", "discord", "teams", "mattermost", "telegram", "ntfy"])
def test_what_is_refused_for_its_looks_goes_out_as_plain_text(kind):
    with station(kind, [400, 200]) as here:
        assert here.send(message()).ok
        rich, plain = here.readings
    assert "connection refused" in plain
    assert "Checkout" in plain
    assert rich != plain or kind in ("telegram", "ntfy")


@pytest.mark.parametrize("kind", ["slack", "discord", "teams", "mattermost", "telegram", "ntfy"])
def test_what_is_refused_twice_has_failed(kind):
    with station(kind, [400]) as here:
        with pytest.raises(DeliveryError) as caught:
            here.send(message())
        assert here.count == 2
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(404, "no_service", {"Content-Type": "text/plain"}), "no_service"),
        (Answer(410, "channel_is_archived"), "channel_is_archived"),
        (Answer(400, '{"user": "invalid", "errors": ["user key is invalid"]}'), "user key is inv"),
        (
            Answer(400, '{"message": "Event object is invalid", "errors": ["summary is missing"]}'),
            "Event object is invalid: summary is missing",
        ),
        (Answer(403, '{"error": {"message": "quota exceeded"}}'), "quota exceeded"),
        (Answer(401, '{"error": "Unauthorized", "errorDescription": "bad token"}'), "bad token"),
        (Answer(500, '{"title": "Disk is full"}'), "Disk is full"),
    ],
)
def test_the_receivers_own_words_are_told(answer, words):
    assert words in str(failure(answer))


@pytest.mark.parametrize("body", ["<html><h1>no disk</h1></html>", "", "[1]"])
def test_what_is_no_sentence_is_left_out(body):
    assert str(failure(Answer(502, body))) == "the receiver answered 502"


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://new.example:8443/hook/s3cret?k=1", " to https://new.example:8443"),
        ("//new.example/x", " to http://new.example"),
        ("https://user:pw@new.example/", " to https://new.example"),
        ("http://[", ""),
    ],
)
def test_a_redirect_names_the_host_and_no_more(location, told):
    sentence = str(failure(Answer(308, "", {"Location": location})))
    assert sentence == f"the receiver answered 308, a redirect{told}, which is not followed"


class Cutting(socketserver.StreamRequestHandler):
    """Answers a request as its server says, and hangs up."""

    def handle(self):
        self.server.asked += 1
        size = 0
        while line := self.rfile.readline().strip():
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        self.rfile.read(size)
        self.wfile.write(self.server.answer)


@contextmanager
def cutting(answer):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Cutting) as server:
        server.answer, server.asked = answer, 0
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "body", [b"Content-Length: 9\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]
)
def test_a_2xx_whose_body_breaks_off_is_success(body):
    with cutting(b"HTTP/1.1 202 Accepted\r\n" + body) as (server, url):
        assert send("webhook", message(), {"url": url}).status_code == 202
    assert server.asked == 1


def test_a_refusal_whose_body_breaks_off_is_one():
    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\nno such room"
    with cutting(answer) as (_, url), pytest.raises(DeliveryError) as caught:
        send("webhook", message(), {"url": url})
    assert str(caught.value) == "the receiver answered 400: no such room"
    assert caught.value.permanent


def test_a_head_that_breaks_off_is_no_answer():
    with cutting(b"HTTP/1.1 200 OK\r\nContent-Le") as (_, url), pytest.raises(DeliveryError) as no:
        send("webhook", message(), {"url": url})
    assert not no.value.permanent
