"""Forgotten passwords: the mail, the link, and what it ends."""

import re
import time

import pytest

from app.operations.notifications import claim as outbox_claim
from tests.factories import PASSWORD
from tests.waiting import stretched
from workers.dispatcher import compose_message

FORGOT, RESET = "/api/v1/auth/forgot-password", "/api/v1/auth/reset-password"
LOGIN = "/api/v1/auth/login"
NEW = "an entirely new passphrase"


@pytest.fixture(autouse=True)
def mail_server(configure):
    configure(smtp_url="smtp://127.0.0.1:2525")


@pytest.fixture
def token(app, client, alice):
    """The token of the mail that Alice asked for."""
    assert client.post(FORGOT, json={"email": alice.email}).status_code == 202
    return token_of(app)


def token_of(app):
    with app.app_context():
        (send,) = outbox_claim.claim(10)
        message = compose_message(send)
    assert send.channel_type == "email"
    (found,) = re.findall(r"/reset-password#token=([0-9a-f]+)", message.text)
    return found


def test_a_link_sets_a_new_password_once_and_ends_every_session(client, alice, token, rows):
    assert client.post(RESET, json={"token": token, "password": NEW}).status_code == 204
    assert alice.get("/profile").status_code == 401
    old = client.post(LOGIN, json={"email": alice.email, "password": PASSWORD})
    new = client.post(LOGIN, json={"email": alice.email, "password": NEW})
    assert (old.status_code, new.status_code) == (401, 200)
    again = client.post(RESET, json={"token": token, "password": NEW})
    assert again.status_code == 422
    events = [event for (event,) in rows("SELECT event FROM audit_logs ORDER BY id")]
    assert "auth.password_reset_requested" in events
    assert "auth.password_reset" in events


def test_the_answer_tells_nothing(client, alice):
    def ask(email):
        began = time.monotonic()
        answer = client.post(FORGOT, json={"email": email})
        return answer.status_code, answer.data, time.monotonic() - began

    status, body, _ = ask(alice.email)
    assert ask("nobody@example.com")[:2] == (status, body) == (202, body)
    known = min(ask(alice.email)[2] for _ in range(3))
    unknown = min(ask("nobody@example.com")[2] for _ in range(3))
    assert abs(known - unknown) < stretched(0.1)


def test_the_token_is_stored_hashed_and_sealed(alice, token, rows):
    ((hash,),) = rows("SELECT password_reset_hash FROM users WHERE id = %s", alice.user_id)
    assert len(hash) == 64
    assert token not in hash
    assert token not in str(rows("SELECT message::text FROM notifications"))


def test_a_link_ends_after_an_hour_by_a_newer_one_and_by_a_password_change(
    app, client, alice, token, rows
):
    client.post(FORGOT, json={"email": alice.email})
    newer = token_of(app)
    body = {"password": NEW}
    assert client.post(RESET, json=body | {"token": token}).status_code == 422
    rows("UPDATE users SET password_reset_expires_at = now() - interval '1 second'")
    assert client.post(RESET, json=body | {"token": newer}).status_code == 422
    rows("UPDATE users SET password_reset_expires_at = now() + interval '1 hour'")
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert alice.put("/profile/password", change).status_code == 204
    assert client.post(RESET, json=body | {"token": newer}).status_code == 422


@pytest.mark.parametrize("bad", ["x", "0" * 96, "z" * 96, "", "ü" * 40])
def test_bad_tokens(client, alice, token, bad):
    assert client.post(RESET, json={"token": bad, "password": NEW}).status_code == 422


def test_a_common_password_is_refused_and_the_link_stays_good(client, alice, token):
    for bad in ("password", "short", alice.email):
        answer = client.post(RESET, json={"token": token, "password": bad})
        assert answer.status_code == 422
        assert "password" in answer.json["fields"]
    assert client.post(RESET, json={"token": token, "password": NEW}).status_code == 204


def test_nobody_is_flooded_with_mail(client, alice, rows, configure):
    configure(smtp_url="smtp://127.0.0.1:2525", rate_limits=True)
    for _ in range(8):
        assert client.post(FORGOT, json={"email": alice.email}).status_code == 202
    assert rows("SELECT count(*) FROM notifications") == [(5,)]


def test_an_invitation_is_mailed(app, alice):
    answer = alice.post("/members", {"email": "dora@example.com"}).json
    assert answer["email_sent"] is True
    with app.app_context():
        (send,) = outbox_claim.claim(10)
        message = compose_message(send)
    assert send.config == {"to": ["dora@example.com"]}
    assert answer["invite_url"] in message.text
    assert "Alice's Organization" in message.subject


def test_without_a_mail_server_nothing_is_planned(client, alice, rows, configure):
    configure(smtp_url="")
    assert client.post(FORGOT, json={"email": alice.email}).status_code == 202
    assert rows("SELECT count(*) FROM notifications") == [(0,)]
