"""What holds for every channel type there is, now and later."""

import dataclasses
from functools import cache

import pytest
from marshmallow import ValidationError

from app.channels import CHANNEL_TYPES, DeliveryError
from app.domain.checks.addresses import AddressPolicy
from app.domain.messages.messages import sample
from app.domain.messages.text import clean, one_line
from app.security.sealing import MASK
from tests.channels.sending import ALERT, FIRED, NOW, ORGANIZATION, SERVICE, message, send
from tests.channels.stations import KEY, station
from tests.receivers import Answer

KINDS = sorted(CHANNEL_TYPES)
OVER_HTTP = [kind for kind in KINDS if kind != "email"]
EVENTS = {
    "alert": ("fired", "acknowledged", "resolved", "reminder", "escalated"),
    "service": ("status_changed",),
    "heartbeat": ("missed", "recovered"),
    "ssl": ("expiring", "expired", "changed"),
    "maintenance": ("started", "ended"),
    "incident": ("created", "updated", "resolved"),
    "never": ("heard.of",),
}
NASTY = {
    "markup": "<b>*bold*</b> _under_ ~struck~ `code` [link](http://e.vil) | # > - ``` ||spoiler||",
    "mentions": "@everyone @here @channel @all <!channel> <!here> <@U123> <#C1> <@&9>",
    "line breaks": "one\r\nBcc: eve@example.com\nthree",
    "encoded line breaks": "ok =?UTF-8?Q?=0A?=Bcc: eve@example.com =?utf-8?b?Cg==?= %0d%0aX: y",
    "emoji": "🔥 down 👩‍👩‍👧‍👦 é ß ﷽ 東京",
    "right to left": "invoice \u202etxt.exe\u202c שלום",
    "control characters": "a\x00b\x07c\x1b[31md\ud800e\u2028f",
    "entities": "&amp; &lt;script&gt; &#64;everyone \\& \\*",
    "templates": "{{ 7 * 7 }} {% raw %} %s {0} ${jndi:ldap://x}",
    "quotes": "\"double\" 'single' \\ / \t tab",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_arrives_with_what_matters(kind):
    with station(kind) as here:
        delivery = here.send(message())
        assert delivery.ok
        assert delivery.duration_ms > 0
        (reading,) = here.readings
        assert "Checkout" in reading
        assert "Service down Triggered by Check" in reading
        assert "connection refused" in reading
        assert "never to be told" not in reading


@pytest.mark.parametrize("family", EVENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_event_can_be_told(kind, family):
    events = [f"{family}.{name}" for name in EVENTS[family]]
    with station(kind) as here:
        for event in events:
            assert here.send(message(event=event, service=None)).ok
        assert here.count == len(events)


@pytest.mark.parametrize("kind", KINDS)
def test_a_digest_lists_its_alerts(kind):
    alerts = [{**ALERT, "service_name": f"Service {number}"} for number in range(30)]
    with station(kind) as here:
        here.send(message(event="digest", alert=None, service=None, alerts=alerts))
        assert "30 alerts at Acme" in here.readings[0] or kind == "webhook"
        assert "Service 0" in here.readings[0]


@pytest.mark.parametrize("what", NASTY)
@pytest.mark.parametrize("kind", KINDS)
def test_any_text_arrives_as_text(kind, what):
    text = NASTY[what]
    alert = {**ALERT, "service_name": text, "message": f"Check failed: {text}"}
    with station(kind) as here:
        here.send(message(alert=alert, service={**SERVICE, "name": text}))
        (reading,) = here.readings  # taken at once, with all its looks
    reading = " ".join(reading.split())
    if kind == "webhook":
        return  # JSON carries every character; test_webhook.py looks closer
    if kind == "sms":
        assert one_line(text)[:20].translate({96: 39}) in reading
    else:
        assert one_line(clean(text)) in reading


@cache  # a message is frozen: every channel is sent the same
def long_message(sign):
    text = sign * 10_240
    return message(
        alert={**ALERT, "service_name": text, "title": text, "message": text},
        service={**SERVICE, "name": text, "endpoint": text, "environment": text},
        hidden_services=[{"service_name": text}] * 100,
        root_cause=text,
        organization={**ORGANIZATION, "name": text},
    )


@pytest.mark.parametrize("sign", ["x", "<", "*", "é", "🔥", "\n", "@a "])
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_characters_are_cut_and_not_refused(kind, sign):
    with station(kind) as here:
        here.send(long_message(sign))
        assert here.count == 1


HOSTILE = (
    "🔥👩‍👩‍👧‍👦🇩🇪👍🏿 é" + "Z\u0351\u0363\u036b" * 5 + " \u202egpj.exe\u202c שלום ﷽ "
    "<b>&amp;</b> *_~`[](){}#|> @everyone <!channel> \\ \r\n東京 %0d%0a \x00\ud800"
)
WITH_A_PLAIN_FORM = ("discord", "mattermost", "ntfy", "pagerduty", "slack", "teams", "telegram")


@cache
def hostile_message():
    text = HOSTILE * (100_000 // len(HOSTILE) + 1)
    return message(
        alert={**ALERT, "service_name": text, "title": text, "message": text},
        service={**SERVICE, "name": text, "endpoint": text, "environment": text},
        hidden_services=[{"service_name": text}] * 20,
        root_cause=text,
        organization={**ORGANIZATION, "name": text},
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_alert_of_100_kb_stays_within_every_limit(kind):
    with station(kind) as here:
        assert here.send(hostile_message()).ok
        assert here.count == 1, "not refused, and so not sent again in its plain form"


@pytest.mark.parametrize("kind", WITH_A_PLAIN_FORM)
def test_its_plain_form_stays_within_them_too(kind):
    with station(kind, [400, 200]) as here:
        assert here.send(hostile_message()).ok
        assert here.count == 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_test_button(kind):
    with station(kind) as here:
        what = sample(id="del_1", at=NOW, organization=ORGANIZATION)
        assert here.send(what).ok
        assert "If you can read it, this channel works." in here.readings[0]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"webhook"}))
def test_a_template_speaks_in_every_channel(kind):
    with station(kind) as here:
        here.send(message(), template={"subject": "Hey {{ service.name }}", "body": "It broke."})
        reading = here.readings[0]
        assert "Hey Checkout" in reading
        assert "It broke." in reading
        assert "Triggered by Check" not in reading


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    ("answer", "permanent", "wait"),
    [
        (500, False, None),
        (503, False, None),
        (Answer(429, headers={"Retry-After": "7"}), False, 7),
        (Answer(408), False, None),
        (400, True, None),
        (401, True, None),
        (404, True, None),
        (410, True, None),
        (Answer(302, headers={"Location": "http://127.0.0.1:9/"}), False, None),
        (Answer(die=True), False, None),
    ],
)
def test_failures_are_told_apart(kind, answer, permanent, wait):
    if kind == "apprise":
        return  # it tells no waiting time and follows redirects; see test_apprise.py
    with station(kind, [answer]) as here, pytest.raises(DeliveryError) as failure:
        here.send(message())
    assert failure.value.permanent is permanent
    assert failure.value.retry_after_seconds == wait
    assert failure.value.duration_ms > 0
    assert KEY not in str(failure.value) + failure.value.answer


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_a_receiver_that_never_answers_costs_the_deadline_and_no_more(kind):
    with (
        station(kind, [Answer(stall_seconds=20)]) as here,
        pytest.raises(DeliveryError) as failure,
    ):
        here.send(message(), timeout_seconds=1.0)
    assert not failure.value.permanent
    assert 900 < failure.value.duration_ms < 4_000


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_at_home(kind):
    with station(kind) as here:
        pass
    with pytest.raises(DeliveryError) as failure:
        here.send(message())
    assert not failure.value.permanent


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_a_forbidden_address_is_refused_before_a_byte_is_sent(kind):
    with station(kind) as here:
        with pytest.raises(DeliveryError, match="target not allowed: 127") as failure:
            here.send(message(), policy=AddressPolicy(targets="public"))
        assert failure.value.permanent
        assert here.count == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_config_declares_itself(kind):
    channel = CHANNEL_TYPES[kind]
    schema = channel.config_schema()
    assert channel.description.endswith(".")
    for field in schema.fields.values():
        assert field.metadata["description"]
        assert "example" in field.metadata
    example = {name: field.metadata["example"] for name, field in schema.fields.items()}
    loaded = schema.load(example)
    assert schema.load(loaded) == loaded
    with pytest.raises(ValidationError, match="Unknown field"):
        schema.load({**example, "nonsense": 1})


@pytest.mark.parametrize("kind", KINDS)
def test_a_masked_secret_passes_validation(kind):
    """A PATCH sends back what a GET has shown."""
    schema = CHANNEL_TYPES[kind].config_schema()
    fields = schema.fields.items()
    shown = {
        name: MASK if field.metadata.get("secret") is True else field.metadata["example"]
        for name, field in fields
    }
    loaded = schema.load(shown)
    for name, field in fields:
        if field.metadata.get("secret") is True:
            assert loaded[name] == MASK


@pytest.mark.parametrize("kind", KINDS)
def test_a_config_that_has_gone_bad_is_a_permanent_failure(kind):
    with pytest.raises(DeliveryError, match="config is not valid") as failure:
        send(kind, message(), {"nonsense": 1})
    assert failure.value.permanent


def test_an_unknown_type_is_a_permanent_failure():
    with pytest.raises(DeliveryError, match="no channel type pigeon") as failure:
        send("pigeon", message(), {})
    assert failure.value.permanent


def test_a_message_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        message().title = "other"
    assert FIRED.id == message().id
