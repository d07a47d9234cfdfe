"""Accounts whose address has a domain of another alphabet: one, however it is spelt."""

import unicodedata

import pytest

from app.operations.accounts import instance
from tests.factories import PASSWORD, service_body
from tests.status_pages import make_shown

REGISTER, LOGIN, SESSION = "/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/session"
STORED = "me@xn--bcher-kva.de"
SPELT = (
    "me@bücher.de",
    unicodedata.normalize("NFD", "Me@Bücher.DE"),
    "me@bücher。de",
    "me@XN--bcher-kva.de",
    " me@xn--bcher-kva.de. ",
)


def body(email):
    return {"email": email, "password": PASSWORD, "full_name": "Mia"}


@pytest.fixture
def mia(client):
    answer = client.post(REGISTER, json=body(SPELT[0]))
    assert answer.status_code == 201, answer.text
    return answer.json


@pytest.mark.parametrize("spelt", SPELT)
def test_it_is_registered_once_and_signs_in_by_every_spelling(client, mia, rows, spelt):
    assert client.post(REGISTER, json=body(spelt)).status_code == 409
    assert rows("SELECT email FROM users") == [(STORED,)]
    credentials = {"email": spelt, "password": PASSWORD}
    assert client.post(LOGIN, json=credentials).json["user_id"] == mia["user_id"]
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post(SESSION, json=credentials, headers=headers).status_code == 200


def test_wrong_passwords_of_all_spellings_count_for_one_account(client, mia, configure):
    configure(rate_limits=True)
    environ = {"REMOTE_ADDR": "198.51.100.7"}
    statuses = [
        client.post(
            LOGIN, json={"email": spelt, "password": "not this one"}, environ_overrides=environ
        ).status_code
        for spelt in (*SPELT, *SPELT, *SPELT)
    ]
    assert statuses == [401] * 10 + [429] * 5


def test_whoever_is_invited_by_one_spelling_joins_by_another(client, alice, bob):
    invited = alice.post("/members", {"email": "me@bücher.de", "role": "viewer"})
    assert (invited.status_code, invited.json["email"]) == (201, STORED)
    again = alice.post("/members", {"email": SPELT[2], "role": "editor"})
    assert again.json["id"] == invited.json["id"]
    joined = body(SPELT[3]) | {"invitation_token": again.json["token"]}
    answer = client.post(REGISTER, json=joined)
    assert (answer.status_code, answer.json["org_id"]) == (201, str(alice.organization_id))


def test_a_profile_takes_it_and_the_log_finds_it(alice, bob, client):
    assert bob.patch("/profile", {"email": "Bob@Bücher.de"}).json["email"] == "bob@xn--bcher-kva.de"
    assert alice.patch("/profile", {"email": "bob@bücher。de"}).status_code == 409
    credentials = {"email": "bob@bücher.de", "password": PASSWORD}
    assert client.post(LOGIN, json=credentials).status_code == 200
    assert bob.post("/services", service_body()).status_code == 201
    query = {"actor": "BOB@bücher.de", "event": "service"}
    found = alice.get("/audit-logs", query_string=query).json
    assert [entry["actor"]["email"] for entry in found] == ["bob@xn--bcher-kva.de"]


def test_operators_name_it_on_the_command_line(app, mia):
    run = app.test_cli_runner().invoke
    for words in (["operators", "add"], ["accounts", "reset-link"], ["accounts", "disable-2fa"]):
        assert run(args=[*words, "me@bücher.de"]).exit_code == 0
    with app.app_context():
        assert instance.operators() == [STORED]


def test_a_configuration_file_names_it(client, alice, mia):
    token = alice.post("/members", {"email": "me@bücher.de"}).json["token"]
    own = client.post(LOGIN, json={"email": STORED, "password": PASSWORD}).json["token"]
    accepted = client.post(
        "/api/v1/invitations/accept",
        json={"token": token},
        headers={"Authorization": f"Bearer {own}"},
    )
    assert accepted.status_code < 300, accepted.text
    rule = {"level": 1, "delay_minutes": 5, "notify_type": "user", "notify_id": "Me@Bücher.de"}
    document = {
        "version": 1,
        "escalation_policies": [{"key": "all", "name": "All", "rules": [rule]}],
    }
    planned = alice.post("/config/apply", document)
    assert (planned.status_code, planned.json["errors"]) == (200, [])
    assert planned.json["summary"]["create"] == 1


def test_a_subscriber_is_found_by_every_spelling(alice):
    page, _ = make_shown(alice, "Checkout")
    path = f"/status-pages/{page['id']}/subscribers"
    added = alice.post(path, {"emails": ["Me@Bücher.de", STORED], "has_consent": True})
    assert added.json["added"] == 1
    for spelt in SPELT:
        assert len(alice.get(path, query_string={"address": spelt.strip()}).json) == 1


@pytest.mark.parametrize("email", ["me@-bücher-.de", "ü@example.com", "me@192.0.2.1", "me@x。。de"])
def test_what_is_no_address_is_refused_in_a_sentence(client, email):
    answer = client.post(REGISTER, json=body(email))
    assert (answer.status_code, answer.json["code"]) == (422, "malformed")
    assert answer.json["fields"]["email"] == ["Must be an e-mail address."]
