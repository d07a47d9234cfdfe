"""Answers that say no with a 2xx, as providers and proxies give them, and hours to come back at."""

import pytest

from app.channels import Context, DeliveryError, deliver
from app.domain.checks.addresses import AddressPolicy
from app.network.network import Network
from tests.channels.sending import message, send
from tests.channels.stations import station
from tests.loopback import endless_body, go, tcp
from tests.receivers import Answer, HttpReceiver

PAGE = "<!doctype html><title>Sign in to the proxy</title>"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("slack", "no_service"),
        ("slack", "invalid_payload\n"),
        ("slack", PAGE),
        ("discord", {"message": "Unknown Webhook", "code": 10015}),
        ("discord", PAGE),
        ("telegram", {"ok": False, "error_code": 400, "description": "chat not found"}),
        ("telegram", PAGE),
        ("opsgenie", {"message": "Could not authenticate", "took": 0.1, "requestId": "x"}),
        ("pagerduty", {"status": "invalid event", "errors": ["'routing_key' is missing"]}),
        ("pushover", {"status": 0, "errors": ["user identifier is invalid"]}),
        ("gotify", {"error": "Unauthorized", "errorCode": 401}),
        ("ntfy", PAGE),
        ("mattermost", PAGE),
    ],
)
def test_a_provider_that_says_no_with_200_has_not_taken_the_message(kind, answer):
    answers = [Answer(200, answer)] * 2
    with station(kind, answers) as receiver, pytest.raises(DeliveryError) as caught:
        receiver.send(message())
    assert not caught.value.permanent
    assert "says that it did not take the message" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "error", "message": "no"},  # JSend
        {"result": "error", "msg": "no"},  # Zulip
        {"errcode": 310000, "errmsg": "no"},  # DingTalk, WeCom
        {"ok": "false"},
        {"error": {"message": "no"}},
        {"errors": [{"message": "no"}]},
    ],
)
def test_a_webhook_that_says_no_in_a_usual_form_has_not_taken_the_message(answer):
    with HttpReceiver([Answer(200, answer)]) as receiver, pytest.raises(DeliveryError) as caught:
        send("webhook", message(), {"url": receiver.url})
    assert "says that it did not take the message" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "ok", "error": None, "errors": []},
        {"errcode": 0, "errmsg": "ok"},
        {"error": False, "errors": False, "result": "queued"},
        {"status": 200, "error": ""},
        PAGE,  # of whatever an operator has built
    ],
)
def test_a_webhook_that_says_no_such_thing_has_taken_the_message(answer):
    with HttpReceiver([Answer(200, answer)]) as receiver:
        assert send("webhook", message(), {"url": receiver.url}).status_code == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("9" * 60, 86_400),
        ("7, 9", 7),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00 +9999", None),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 86_400),
    ],
)
def test_any_header_can_be_read(header, seconds):
    answer = Answer(429, headers={"Retry-After": header})
    with HttpReceiver([answer]) as receiver, pytest.raises(DeliveryError) as caught:
        send("webhook", message(), {"url": receiver.url})
    assert str(caught.value).startswith("the receiver answered 429")
    assert caught.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("number", "seconds"), [("9" * 400, 86_400), ("1e999", 86_400), ("NaN", None)]
)
def test_any_number_can_be_read(number, seconds):
    answer = Answer(429, f'{{"retry_after": {number}}}')
    with HttpReceiver([answer]) as receiver, pytest.raises(DeliveryError) as caught:
        send("webhook", message(), {"url": receiver.url})
    assert str(caught.value).startswith("the receiver answered 429")
    assert caught.value.retry_after_seconds == seconds


def test_an_answer_without_end_is_taken_once():
    """A 2xx is a 2xx: to wait for the end of a stream would send the message again and again."""
    endless = endless_body(b"data: taken\n\n", b"Content-Type: text/event-stream\r\n", pause=0.05)
    policy = AddressPolicy()

    async def story():
        network = Network(policy)
        try:
            async with tcp(endless) as peer:
                lent = Context(network, policy, timeout_seconds=20)
                return await deliver("webhook", message(), {"url": peer.url()}, lent)
        finally:
            network.close()

    assert go(story()).status_code == 200
