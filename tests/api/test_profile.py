"""/profile: the person who is calling."""

import pytest

from tests.factories import PASSWORD

LOGIN = "/api/v1/auth/login"


def test_reading_and_changing_it(alice):
    found = alice.get("/profile").json
    assert found["email"] == alice.email
    assert found["id"] == str(alice.user_id)
    assert found["role"] == "owner"
    methods = [{"type": "email", "config": {"to": ["a@example.com"]}, "delay_minutes": 5}]
    changes = {
        "full_name": "Alice B.",
        "email": "alice@example.org",
        "timezone": "Asia/Tokyo",
        "contact_methods": methods,
    }
    changed = alice.put("/profile", changes)
    assert changed.status_code == 200
    assert {name: changed.json[name] for name in changes} == changes
    assert alice.patch("/profile", {"full_name": "Al"}).json["email"] == "alice@example.org"
    assert "password" not in changed.text


def test_an_address_in_use_is_409(alice, charlie):
    answer = alice.put("/profile", {"email": charlie.email.upper()})
    assert answer.status_code == 409
    assert alice.get("/profile").json["email"] == alice.email


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("full_name", ""),
        ("timezone", "Nowhere"),
        ("contact_methods", [{"config": {}}]),
        ("contact_methods", [{"type": "email", "delay_minutes": -1}]),
        ("contact_methods", [{"type": "email"}] * 11),
        ("is_operator", True),
        ("token_epoch", 0),
        ("role", "owner"),
        ("password", "correct horse"),
    ],
)
def test_bad_changes(alice, field, value):
    answer = alice.put("/profile", {field: value})
    assert (answer.status_code, list(answer.json["fields"])) == (422, [field])


def test_a_new_password_ends_every_token_at_once(client, alice):
    other = alice.with_epoch()
    new = "another battery staple"
    body = {"current_password": PASSWORD, "new_password": new}
    assert alice.put("/profile/password", body).status_code == 204
    for person in (alice, other):
        assert person.get("/profile").status_code == 401
    old = client.post(LOGIN, json={"email": alice.email, "password": PASSWORD})
    assert old.status_code == 401
    token = client.post(LOGIN, json={"email": alice.email, "password": new}).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/profile", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong horse", "another battery staple", "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "password123", "new_password"),
        (PASSWORD, "x" * 129, "new_password"),
        ("", "another battery staple", "current_password"),
    ],
)
def test_bad_passwords(alice, current, new, field):
    answer = alice.put("/profile/password", {"current_password": current, "new_password": new})
    assert (answer.status_code, list(answer.json["fields"])) == (422, [field])
    assert alice.get("/profile").status_code == 200
