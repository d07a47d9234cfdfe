"""/notification-channels: written, masked, tested and listed over HTTP."""

import json
from uuid import uuid4

import pytest

from app.channels import CHANNEL_TYPES
from app.operations.notifications import message_tests
from tests.alerting import SECRET_URL, make_channel, make_rule
from tests.factories import make_member

MASK = "********"
WEBHOOK = {
    "name": "Hook",
    "type": "webhook",
    "config": {
        "url": "https://example.com/hook",
        "secret": "whsec_" + "a" * 44,
        "headers": {"X-Team": "ops", "Authorization": "Bearer a-secret"},
    },
}


def test_a_channel_from_its_making_to_its_end(alice, bob, rows):
    channel = make_channel(bob)
    assert channel["config"] == {"webhook_url": MASK}
    assert channel["events"] == [
        "alert.fired",
        "alert.acknowledged",
        "alert.resolved",
        "alert.reminder",
        "alert.escalated",
    ]
    assert channel["min_severity"] == "info"
    assert channel["is_enabled"]
    assert channel["is_healthy"]
    for field in ("fallback_channel_id", "quiet_hours", "template", "last_success_at"):
        assert channel[field] is None
    assert "consecutive_failures" not in channel
    path = f"/notification-channels/{channel['id']}"
    assert alice.get(path).json == channel
    changed = alice.patch(path, {"min_severity": "warning", "events": ["alert.fired"]}).json
    assert changed["min_severity"] == "warning"
    replaced = alice.put(path, changed | {"name": "Operators"})
    assert replaced.status_code == 200, replaced.text
    assert replaced.json["config"] == {"webhook_url": MASK}
    assert alice.delete(path).status_code == 204
    assert alice.get("/notification-channels").json == []


def test_a_template_of_a_webhook_makes_its_body_or_is_refused(alice):
    def refusal(template, **config):
        given = WEBHOOK | {"config": {"url": "https://example.com", **config}}
        answer = alice.post("/notification-channels", given | {"template": template})
        return answer.status_code, answer.json.get("fields")

    _, subject = refusal({"subject": "{{ title }}"})
    assert "has no subject" in subject["template"]["subject"][0]
    status, plain = refusal(None, content_type="text/plain")
    assert status == 422
    assert "Needs a template" in plain["config"]["content_type"][0]
    assert refusal({"body": "{{ title }}"}, content_type="text/plain")[0] == 201

    channel = alice.post("/notification-channels", WEBHOOK).json
    path = f"/notification-channels/{channel['id']}"
    assert alice.patch(path, {"template": {"subject": "{{ title }}"}}).status_code == 422
    changed = {"template": {"body": "{{ title }}"}}
    assert alice.patch(path, changed).json["template"] == changed["template"]
    written = {"url": "https://example.com/hook", "content_type": "text/plain"}
    assert alice.patch(path, {"config": written}).status_code == 200
    assert alice.patch(path, {"template": None}).status_code == 422


def test_an_apprise_address_of_an_unknown_service_is_refused(alice):
    given = {"name": "A", "type": "apprise", "config": {"url": "nosuch://a/b"}}
    answer = alice.post("/notification-channels", given)
    assert answer.status_code == 422
    assert answer.json["fields"] == {"config": {"url": ["Apprise knows no service nosuch://."]}}


def test_secrets_stay_secret(alice, rows, app):
    channel = alice.post("/notification-channels", WEBHOOK).json
    assert channel["config"] == {
        "url": "https://example.com/hook",
        "secret": MASK,
        "headers": {"X-Team": "ops", "Authorization": MASK},
    }
    path = f"/notification-channels/{channel['id']}"
    for answer in (alice.get(path), alice.get("/notification-channels"), alice.patch(path, {})):
        assert "a-secret" not in answer.text
        assert "$sealed" not in answer.text
    ((stored,),) = rows("SELECT config FROM notification_channels")
    assert "a-secret" not in json.dumps(stored)
    elsewhere = alice.patch(path, {"config": channel["config"] | {"url": "https://example.org/"}})
    assert elsewhere.status_code == 422, "a stored secret is not sent to another host"
    moved = "https://example.com/another-hook"
    kept = alice.patch(path, {"config": channel["config"] | {"url": moved}})
    assert kept.status_code == 200, kept.text
    ((again,),) = rows("SELECT config FROM notification_channels")
    assert again["secret"] == stored["secret"]
    assert again["headers"] == stored["headers"]
    assert again["url"] == moved


def test_a_mask_keeps_only_what_is_there(alice):
    answer = alice.post(
        "/notification-channels", {"name": "x", "type": "slack", "config": {"webhook_url": MASK}}
    )
    assert answer.status_code == 422
    assert "config" in answer.json["fields"]


def test_another_type_begins_anew(alice):
    channel = make_channel(alice)
    path = f"/notification-channels/{channel['id']}"
    assert alice.patch(path, {"type": "email"}).status_code == 422
    changed = alice.patch(path, {"type": "email", "config": {"to": ["a@example.com"]}}).json
    assert changed["config"] == {"to": ["a@example.com"]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": "pigeon"}, "Must be one of"),
        ({"config": {}}, "Missing data"),
        ({"config": {"webhook_url": "file:///etc/passwd"}}, "http"),
        ({"config": {"webhook_url": SECRET_URL, "mood": 1}}, "Unknown field"),
        ({"config": []}, "valid mapping"),
        ({"events": []}, "Shorter than minimum"),
        ({"events": ["alert.sung"]}, "Must be one of"),
        ({"min_severity": "fatal"}, "Must be one of"),
        ({"template": {"body": "{% for a in b %}"}}, "ine 1"),
        ({"template": {"subject": "{{ ''.__class__() }}"}}, "calls"),
        ({"template": {"title": "x"}}, "Unknown field"),
        ({"quiet_hours": {"timezone": "Mars/Base", "from": "22:00", "to": "07:00"}}, "time zone"),
        ({"quiet_hours": {"timezone": "UTC", "from": "22:00"}}, "Missing data"),
        ({"quiet_hours": {"timezone": "UTC", "from": "25:00", "to": "07:00"}}, ""),
        ({"quiet_hours": {"timezone": "UTC", "from": "late", "to": "07:00"}}, ""),
        ({"fallback_channel_id": "x"}, "UUID"),
        ({"last_error": "x"}, "Unknown field"),
    ],
)
def test_bad_values_are_named(alice, changes, said):
    body = {"name": "Ops", "type": "slack", "config": {"webhook_url": SECRET_URL}} | changes
    answer = alice.post("/notification-channels", body)
    assert answer.status_code == 422, answer.text
    (field,) = changes
    assert said in json.dumps(answer.json["fields"][field])
    assert "a-secret" not in answer.text
    channel = make_channel(alice)
    assert alice.patch(f"/notification-channels/{channel['id']}", changes).status_code == 422


def test_hours_and_words_are_kept(alice):
    hours = {"timezone": "Europe/Berlin", "from": "22:00", "to": "07:00"}
    channel = make_channel(alice, quiet_hours=hours, template={"subject": "{{ title }}"})
    assert channel["quiet_hours"] == hours | {"min_severity": "critical"}
    assert channel["template"] == {"subject": "{{ title }}"}
    path = f"/notification-channels/{channel['id']}"
    assert alice.put(path, channel).json["quiet_hours"] == channel["quiet_hours"]
    assert alice.patch(path, {"quiet_hours": {"from": "21:00"}}).status_code == 422
    cleared = alice.patch(path, {"quiet_hours": None, "template": None}).json
    assert cleared["quiet_hours"] is None
    assert cleared["template"] is None


def test_fallbacks_run_in_no_circle(alice, charlie):
    first = make_channel(alice)
    second = make_channel(alice, fallback_channel_id=first["id"])
    assert second["fallback_channel_id"] == first["id"]
    path = f"/notification-channels/{first['id']}"
    for fallback in (first["id"], second["id"], make_channel(charlie)["id"], str(uuid4())):
        answer = alice.patch(path, {"fallback_channel_id": fallback})
        assert answer.status_code == 422
        assert "fallback_channel_id" in answer.json["fields"]
    assert alice.delete(path).status_code == 409
    alice.patch(f"/notification-channels/{second['id']}", {"fallback_channel_id": None})
    assert alice.delete(path).status_code == 204


def test_a_rule_keeps_the_channels_it_names(alice):
    first, second = make_channel(alice), make_channel(alice)
    named = [first["id"], second["id"]]
    rule = make_rule(alice, notification_channel_ids=named)
    assert alice.delete(f"/notification-channels/{first['id']}").status_code == 409
    found = alice.get(f"/alert-rules/{rule['id']}").json
    assert found["notification_channel_ids"] == named


def test_a_new_config_is_a_new_chance(alice, rows):
    channel = make_channel(alice)
    rows(
        "UPDATE notification_channels SET consecutive_failures = 9, last_error = 'HTTP 404',"
        " paused_until = now() + interval '1 hour'"
    )
    path = f"/notification-channels/{channel['id']}"
    found = alice.get(path).json
    assert (found["is_healthy"], found["last_error"]) == (False, "HTTP 404")
    assert not alice.patch(path, {"name": "Ops 2"}).json["is_healthy"]
    changed = alice.patch(path, {"config": {"webhook_url": f"{SECRET_URL}2"}}).json
    assert (changed["is_healthy"], changed["last_error"]) == (True, None)
    assert rows("SELECT paused_until FROM notification_channels") == [(None,)]


def test_every_type_describes_itself(alice):
    types = alice.get("/notification-channels/types").json
    assert [one["type"] for one in types] == sorted(CHANNEL_TYPES)
    for one in types:
        assert one["description"]
        schema = one["config_schema"]
        assert schema["additionalProperties"] is False
        declared = CHANNEL_TYPES[one["type"]].config_schema().fields
        assert set(schema["properties"]) == {
            field.data_key or name for name, field in declared.items()
        }
    slack = next(one["config_schema"] for one in types if one["type"] == "slack")
    assert slack["properties"]["webhook_url"]["x-secret"] is True
    assert slack["required"] == ["webhook_url"]
    assert "x-secret" not in slack["properties"]["channel"]


OUTCOME = {"ok": True, "status_code": 200, "error": None, "duration_ms": 12.5}


def test_the_test_button_waits_for_a_worker(alice, rows, monkeypatch):
    channel = make_channel(alice)
    monkeypatch.setattr(message_tests, "outcome", lambda _: OUTCOME)
    answer = alice.post(f"/notification-channels/{channel['id']}/test")
    assert (answer.status_code, answer.json) == (200, OUTCOME)
    assert rows("SELECT kind, status, channel_id::text FROM notifications") == [
        ("test", "pending", channel["id"])
    ]


def test_the_test_button_gives_up_with_a_sentence(alice, monkeypatch):
    channel = make_channel(alice)
    monkeypatch.setattr("app.api.notification_channels.TEST_SECONDS", 0)
    answer = alice.post(f"/notification-channels/{channel['id']}/test")
    assert answer.status_code == 503
    assert "worker" in answer.json["error"]
    assert "Retry-After" in answer.headers


def test_channels_of_others_do_not_exist(alice, charlie, rows):
    foreign = make_channel(charlie)["id"]
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {}),
        ("PUT", "", {}),
        ("DELETE", "", None),
        ("POST", "/test", None),
        ("GET", "/deliveries", None),
        ("GET", "/usages", None),
    ):
        answers = [
            alice.call(
                method,
                f"/notification-channels/{id}{path}",
                json=body,
                headers={"X-Request-Id": "x"},
            )
            for id in (foreign, uuid4())
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].data == answers[1].data
        assert dict(answers[0].headers) == dict(answers[1].headers)
    assert rows("SELECT count(*) FROM notifications") == [(0,)]
    assert charlie.get(f"/notification-channels/{foreign}").status_code == 200


def test_who_may_do_what(app, alice):
    channel = make_channel(alice)
    responder = make_member(app, alice, "Dora", "responder")
    assert responder.get(f"/notification-channels/{channel['id']}").status_code == 200
    assert responder.get("/notification-channels/types").status_code == 200
    assert responder.post("/notification-channels", WEBHOOK).status_code == 403
    assert responder.post(f"/notification-channels/{channel['id']}/test").status_code == 403
    assert responder.delete(f"/notification-channels/{channel['id']}").status_code == 403


def test_lists_are_filtered(alice):
    slack, hook = make_channel(alice), alice.post("/notification-channels", WEBHOOK).json
    listed = alice.get("/notification-channels")
    assert [one["id"] for one in listed.json] == [hook["id"], slack["id"]]
    assert listed.headers["X-Total-Count"] == "2"
    assert alice.get("/notification-channels?type=slack").json == [slack]
    assert alice.get("/notification-channels?is_enabled=false").json == []
