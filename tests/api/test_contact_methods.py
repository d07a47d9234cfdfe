"""Contact methods of a person, and the guards of their profile."""

import json

import pytest


def test_contact_methods_are_validated_sealed_and_masked(alice, rows):
    methods = [
        {"type": "email", "config": {"to": ["night@example.com"]}},
        {
            "type": "telegram",
            "config": {"bot_token": "123456:secret-of-the-bot", "chat_id": "42"},
            "delay_minutes": 5,
        },
    ]
    answer = alice.put("/profile", {"contact_methods": methods})
    assert answer.status_code == 200, answer.text
    shown = answer.json["contact_methods"]
    assert shown[0] == methods[0] | {"delay_minutes": 0}
    assert shown[1]["config"]["bot_token"] == "********"
    assert "secret-of-the-bot" not in json.dumps(rows("SELECT contact_methods FROM users"))
    again = alice.patch("/profile", {"contact_methods": shown}).json["contact_methods"]
    assert again == shown
    kept = rows("SELECT contact_methods FROM users WHERE id = %s", alice.user_id)
    assert "$sealed" in json.dumps(kept)
    log = json.dumps(alice.get("/audit-logs?event=user").json)
    assert "night@example.com" in log
    assert "sealed" not in log
    assert alice.patch("/profile", {"contact_methods": []}).json["contact_methods"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ({"type": "pigeon", "config": {}}, "type"),
        ({"type": "pagerduty", "config": {}}, "type"),
        ({"type": "email", "config": {}}, "config"),
        ({"type": "email", "config": {"to": ["nonsense"]}}, "config"),
        ({"type": "email", "config": {"to": ["a@example.com"], "more": 1}}, "config"),
        ({"type": "telegram", "config": {"bot_token": "********", "chat_id": "1"}}, "config"),
        ({"type": "email", "config": {"to": ["a@example.com"]}, "delay_minutes": -1}, "delay"),
    ],
)
def test_bad_contact_methods(alice, method, path):
    answer = alice.put("/profile", {"contact_methods": [method]})
    assert answer.status_code == 422
    assert path in answer.json["error"]


def test_a_new_address_is_told_to_the_old_one(app, alice, configure, rows):
    configure(smtp_url="smtp://127.0.0.1:2525")
    assert alice.put("/profile", {"email": "new@example.com"}).status_code == 200
    assert rows("SELECT contact FROM notifications") == [
        ({"type": "email", "config": {"to": [alice.email]}},)
    ]
    assert alice.get("/profile").json["email"] == "new@example.com"
    assert alice.put("/profile", {"full_name": "A"}).status_code == 200
    assert rows("SELECT count(*) FROM notifications") == [(1,)]


def test_the_present_password_cannot_be_guessed_with_a_token(alice, configure):
    configure(rate_limits=True)
    body = {"current_password": "wrong horse", "new_password": "an entirely new passphrase"}
    statuses = [alice.put("/profile/password", body).status_code for _ in range(12)]
    assert statuses == [422] * 10 + [429] * 2


def test_a_test_message_goes_to_the_contact_method_at_its_place(alice, answering, rows):
    methods = [{"type": "email", "config": {"to": [f"{name}@example.com"]}} for name in "ab"]
    assert alice.put("/profile", {"contact_methods": methods}).status_code == 200
    assert alice.post("/profile/contact-methods/test", {"place": 1}).json["ok"] is True
    assert rows("SELECT kind, status, contact FROM notifications") == [
        ("test", "pending", methods[1])
    ]
    assert alice.post("/profile/contact-methods/test", {"place": 2}).status_code == 404


def test_a_test_message_goes_to_the_address_of_a_person_without_contact_methods(
    alice, answering, rows
):
    assert alice.post("/profile/contact-methods/test", {}).json["ok"] is True
    sent = {"type": "email", "config": {"to": [alice.email]}}
    assert rows("SELECT contact FROM notifications") == [(sent,)]
