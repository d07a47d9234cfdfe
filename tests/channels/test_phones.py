"""SMS, ntfy, Pushover and Gotify: short, urgent when it matters, and within every limit."""

from base64 import b64decode

import pytest
from marshmallow import ValidationError

from app.channels import DeliveryError
from app.channels.sms import SmsConfig, gsm_length, short_text
from app.domain.messages.messages import Links
from tests.channels.sending import ALERT, message
from tests.channels.stations import KEY, station
from tests.receivers import Answer
from tests.waiting import stretched

NUMBERS = ["+491701234567", "+491701234568", "+491701234569"]


def test_an_sms_goes_to_every_number():
    with station("sms") as here:
        here.config["to"] = NUMBERS
        here.send(message())
        requests = here.provider.requests
    assert sorted(request.form["To"] for request in requests) == NUMBERS
    assert requests[0].path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert requests[0].form["From"] == "+15005550006"
    login = requests[0].headers["authorization"].removeprefix("Basic ")
    assert b64decode(login).decode() == f"AC1:{KEY}"
    assert requests[0].form["Body"] == (
        "[CRITICAL] Checkout: Service down Triggered by Check\n"
        "Check failed with status RED: connection refused\n"
        "https://status.example.com/alerts/act/signed-ack"
    )


def test_a_messaging_service_sends_by_its_id():
    with station("sms") as here:
        here.config["from"] = "MG0123"
        here.send(message())
        assert here.provider.requests[0].form["MessagingServiceSid"] == "MG0123"


def test_a_number_that_can_never_be_reached_holds_nobody_up():
    with station("sms", [201, Answer(400, {"code": 21211}), 201]) as here:
        here.config["to"] = NUMBERS
        delivery = here.send(message())
        assert here.count == 3
        (missed,) = [
            request.form["To"]
            for request, status in zip(here.provider.requests, (201, 400, 201), strict=True)
            if status == 400
        ]
    assert delivery.ok
    assert delivery.missed == f"{missed}: the receiver answered 400"


def test_many_numbers_do_not_wait_for_one_another():
    with station("sms", [Answer(201, stall_seconds=0.5)]) as here:
        here.config["to"] = [f"+4917012345{number}" for number in range(10, 60)]
        assert here.send(message(), timeout_seconds=stretched(15)).ok
        assert here.count == 50


@pytest.mark.parametrize(
    ("script", "permanent"), [([201, 500, 201], False), ([400, 429, 400], False), ([400], True)]
)
def test_a_number_that_may_be_reached_later_means_trying_again(script, permanent):
    with station("sms", script) as here:
        here.config["to"] = NUMBERS
        with pytest.raises(DeliveryError) as caught:
            here.send(message())
        assert here.count == 3
    assert caught.value.permanent is permanent


@pytest.mark.parametrize("sign", ["x", "{", "é", "ж", "🔥", "“"])
def test_two_segments_at_most(sign):
    text = short_text(message(alert={**ALERT, "message": sign * 2_000}))
    if sign in "ж🔥":
        assert len(text.encode("utf-16-be")) // 2 <= 134
    else:
        assert gsm_length(text) <= 306
    assert text.startswith("[CRITICAL] Checkout")


def test_an_address_that_does_not_fit_stays_out():
    links = Links(view="https://status.example.com/" + "x" * 200)
    assert "https" not in short_text(message(links=links))


@pytest.mark.parametrize(
    "number", ["0170 1234567", "+0123456789", "+1", "alice", "+49170123456789012"]
)
def test_what_is_no_number(number):
    with pytest.raises(ValidationError):
        SmsConfig().load({"account_sid": "A", "auth_token": "b", "from": "c", "to": [number]})


def test_ntfy_rings_and_has_buttons():
    with station("ntfy") as here:
        here.send(message())
        (request,) = here.provider.requests
    assert request.path == "/"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    body = request.json
    assert (body["topic"], body["priority"], body["tags"]) == ("acme", 5, ["rotating_light"])
    assert body["click"] == "https://status.example.com/alerts/1"
    assert [action["label"] for action in body["actions"]] == ["Acknowledge", "Snooze", "Runbook"]


@pytest.mark.parametrize("topic", ["a/b", "a b", "", "x" * 65, "ä"])
def test_ntfy_topics_are_plain_words(topic):
    with station("ntfy") as here:
        here.config["topic"] = topic
        with pytest.raises(DeliveryError, match="config is not valid: topic"):
            here.send(message())


@pytest.mark.parametrize(
    ("event", "priority"),
    [("alert.fired", "1"), ("alert.acknowledged", "-1"), ("alert.resolved", "0")],
)
def test_pushover_is_loud_only_when_it_matters(event, priority):
    with station("pushover") as here:
        here.send(message(event=event))
        (request,) = here.provider.requests
    form = request.form
    assert request.path == "/1/messages.json"
    assert (form["user"], form["token"]) == (KEY, KEY[::-1])
    assert form["priority"] == priority
    assert form["url"] == "https://status.example.com/alerts/1"


def test_pushover_gets_no_address_longer_than_it_takes():
    with station("pushover") as here:
        here.send(
            message(links=Links(view="https://e.example/" + "x" * 600, acknowledge="https://a.b"))
        )
        assert here.provider.requests[0].form["url"] == "https://a.b"


def test_gotify_gets_its_key_in_a_header():
    with station("gotify") as here:
        here.send(message())
        (request,) = here.provider.requests
    assert request.path == "/message"
    assert request.headers["x-gotify-key"] == KEY
    body = request.json
    assert body["priority"] == 8
    assert body["extras"]["client::display"] == {"contentType": "text/plain"}
    click = body["extras"]["client::notification"]["click"]["url"]
    assert click == "https://status.example.com/alerts/1"
