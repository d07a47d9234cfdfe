"""Webhooks: the documented envelope and both signatures, checked as a receiver would."""

import hashlib
import hmac
import time
from base64 import b64decode, b64encode

import pytest
from marshmallow import ValidationError

from app.channels import DeliveryError
from app.channels.webhook import WebhookConfig
from tests.channels.sending import ALERT, ORGANIZATION, SERVICE, message, send
from tests.loopback import ca_file, tls_server
from tests.receivers import Answer, HttpReceiver

SECRET = "a signing secret"


def delivered(what, **config):
    with HttpReceiver() as receiver:
        send("webhook", what, {"url": f"{receiver.url}/hook?team=1", **config})
        (request,) = receiver.requests
    return request


def test_the_envelope_is_the_documented_one():
    request = delivered(message())
    assert (request.method, request.path) == ("POST", "/hook?team=1")
    assert request.headers["content-type"] == "application/json"
    body = request.json
    assert list(body) == ["id", "event", "timestamp", "organization", "data"]
    assert body["id"] == "del_0123456789"
    assert body["event"] == "alert.fired"
    assert body["timestamp"] == "2026-03-02T14:27:00Z"
    assert body["organization"] == ORGANIZATION
    assert list(body["data"]) == ["alert", "service"]
    fired = {"fired_at": "2026-03-02T14:23:00Z", "suppressed_services": []}
    assert body["data"]["alert"] == {**ALERT, **fired}
    shown = {name: value for name, value in SERVICE.items() if name != "config"}
    assert body["data"]["service"] == shown


def test_a_heartbeat_event_carries_the_heartbeat_without_its_key():
    row = {
        "id": "h",
        "name": "Backup",
        "unique_key": "backup-0f",
        "ping_url": "https://x/backup-0f",
    }
    request = delivered(message(event="heartbeat.missed", alert=None, service=None, heartbeat=row))
    data = request.json["data"]
    assert data == {"alert": None, "service": None, "heartbeat": {"id": "h", "name": "Backup"}}


def test_it_lists_what_the_alert_hides():
    hidden = [{"service_id": "3", "service_name": "Shop"}]
    request = delivered(message(hidden_services=hidden))
    assert request.json["data"]["alert"]["suppressed_services"] == hidden


def test_a_test_says_so():
    assert delivered(message(test=True)).json["data"]["test"] is True


def test_the_signature_covers_the_raw_body():
    request = delivered(message(), secret=SECRET)
    expected = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-alertifypro-signature"] == f"sha256={expected}"


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (SECRET, SECRET.encode()),
        ("whsec_" + b64encode(b"k" * 24).decode(), b"k" * 24),
        ("whsec_not base64", b"whsec_not base64"),
    ],
)
def test_standard_webhooks_can_be_verified(secret, key):
    began = int(time.time())
    request = delivered(message(), secret=secret)
    id, seconds = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    assert id == "del_0123456789"
    assert began <= int(seconds) <= time.time()
    signed = f"{id}.{seconds}.".encode() + request.body
    version, _, signature = request.headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert hmac.new(key, signed, hashlib.sha256).digest() == b64decode(signature)


def test_without_a_secret_nothing_is_signed():
    headers = delivered(message()).headers
    assert headers["webhook-id"] == "del_0123456789"
    assert "webhook-signature" not in headers
    assert "x-alertifypro-signature" not in headers


def test_the_id_stays_the_same_over_retries():
    with HttpReceiver() as receiver:
        for _ in range(2):
            send("webhook", message(), {"url": receiver.url, "secret": SECRET})
        first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_own_headers_are_sent():
    headers = {"Authorization": "Bearer abc", "X-Team": "blue"}
    received = delivered(message(), headers=headers).headers
    assert received["authorization"] == "Bearer abc"
    assert received["x-team"] == "blue"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-AlertifyPro-Signature": "sha256=00"},
        {"Webhook-Signature": "v1,AA=="},
        {"Host": "internal"},
        {"Content-Length": "3"},
        {"X-A": "b\r\nX-B: c"},
        {"X A": "b"},
        {"X-A\r\nX-B": "c"},
        {"": "b"},
    ],
)
def test_headers_that_are_ours_or_break_out_are_refused(headers):
    with pytest.raises(ValidationError):
        WebhookConfig().load({"url": "https://example.com", "headers": headers})


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "example.com", "http://", "http://u:p@example.com/", "file:///x"]
)
def test_addresses_that_no_webhook_has_are_refused(url):
    with pytest.raises(ValidationError):
        WebhookConfig().load({"url": url})


def test_json_carries_every_character():
    text = "a\x00\x1b<!channel>\u202e🔥\ud800 =?UTF-8?Q?=0A?="
    body = delivered(message(alert={**ALERT, "message": text})).json
    assert body["data"]["alert"]["message"] == text.replace("\ud800", "\ufffd")


def test_an_authority_of_the_operator_is_trusted():
    with HttpReceiver(tls=tls_server()) as receiver:
        assert send("webhook", message(), {"url": receiver.url}, ca_file=ca_file()).ok
        with pytest.raises(DeliveryError, match="certificate"):
            send("webhook", message(), {"url": receiver.url})
        assert len(receiver.requests) == 1


def test_a_redirect_is_not_followed():
    with HttpReceiver() as inside:
        moved = Answer(307, headers={"Location": inside.url})
        with HttpReceiver([moved]) as receiver, pytest.raises(Exception, match="redirect"):
            send("webhook", message(), {"url": receiver.url})
        assert inside.requests == []


def test_a_receiver_that_echoes_the_secret_does_not_get_it_into_the_log():
    with HttpReceiver([Answer(200, f"your key {SECRET} \x1b[31mis wrong\x00" + "x" * 9999)]) as one:
        delivery = send("webhook", message(), {"url": one.url, "secret": SECRET})
    assert delivery.answer.startswith("your key ******** [31mis wrongx")
    assert len(delivery.answer) <= 500


class TestTemplate:
    """A template's body is what is sent, as what it says it is."""

    def sent(self, body, what=None, **config):
        with HttpReceiver() as receiver:
            given = {"url": receiver.url, **config}
            send("webhook", what or message(), given, template={"body": body})
            (request,) = receiver.requests
        return request

    def test_it_makes_the_body(self):
        made = '{"text": {{ (service.name ~ ": " ~ reason) | tojson }}}'
        quoted = message(alert={**ALERT, "message": 'Check failed with status RED: "no" \\ é'})
        request = self.sent(made, quoted, secret=SECRET, method="PUT")
        assert request.method == "PUT"
        assert request.headers["content-type"] == "application/json"
        assert request.json["text"].startswith("Checkout: ")
        expected = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-alertifypro-signature"] == f"sha256={expected}"

    @pytest.mark.parametrize("content_type", ["text/plain; charset=utf-8", "application/xml"])
    def test_it_is_sent_as_what_it_is(self, content_type):
        request = self.sent("<a>{{ event }} é</a>", content_type=content_type)
        assert request.headers["content-type"] == content_type
        assert request.body == "<a>alert.fired é</a>".encode()

    @pytest.mark.parametrize(
        ("body", "words"),
        [('{"a": "{{ organization }"}', "line 1"), ('{"a": {{ event }}}', "JSON")],
    )
    def test_a_broken_one_loses_no_page(self, body, words):
        request = self.sent(body, content_type="application/json")
        assert request.headers["content-type"] == "application/json"
        assert request.json["event"] == "alert.fired"
        assert words in request.json["template_error"]

    def test_a_text_that_is_not_rendered_is_the_envelope_as_json(self):
        request = self.sent("{% for %}", content_type="text/plain")
        assert request.headers["content-type"] == "application/json"
        assert "template_error" in request.json

    @pytest.mark.parametrize(
        "config",
        [
            {"method": "GET"},
            {"method": "DELETE"},
            {"content_type": "json"},
            {"content_type": "text/plain\r\nX-A: b"},
            {"content_type": ""},
        ],
    )
    def test_what_cannot_be_sent_is_refused(self, config):
        with pytest.raises(ValidationError):
            WebhookConfig().load({"url": "https://example.com", **config})
