"""The second factor: set up, sign in with it, recover, get rid of it."""

import json
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from itsdangerous import URLSafeTimedSerializer

from app.domain.accounts.totp import qr_code
from app.security import challenges
from tests.factories import PASSWORD

LOGIN, SECOND = "/api/v1/auth/login", "/api/v1/auth/login/2fa"


@pytest.fixture
def second(alice):
    """Alice with a second factor: her key, her recovery codes, and codes nobody has used yet."""

    class Second:
        def __init__(self):
            self.key = alice.post("/profile/2fa/setup").json["secret"]
            self.at = datetime.now(UTC) - timedelta(seconds=30)
            answer = alice.post("/profile/2fa/enable", {"code": self.code()})
            assert answer.status_code == 200, answer.text
            self.recovery_codes = answer.json["recovery_codes"]

        def code(self):
            code = pyotp.TOTP(self.key).at(self.at)
            self.at += timedelta(seconds=30)
            return code

    return Second()


def challenge(client, person):
    answer = client.post(LOGIN, json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.json) == {"two_factor_required", "challenge"}
    assert answer.json["two_factor_required"] is True
    return answer.json["challenge"]


def test_signing_in_takes_two_steps(client, alice, second):
    code = second.code()
    begun = challenge(client, alice)
    answer = client.post(SECOND, json={"challenge": begun, "code": f" {code[:3]} {code[3:]} "})
    assert answer.status_code == 200
    assert answer.json["org_id"] == str(alice.organization_id)
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.get("/api/v1/profile", headers=headers).json["two_factor_enabled"] is True
    again = client.post(SECOND, json={"challenge": challenge(client, alice), "code": code})
    assert again.status_code == 401, "a code is good once"
    assert alice.get("/members").json[0]["two_factor_enabled"] is True


def test_recovery_codes_are_good_once(client, alice, second, rows):
    assert len(set(second.recovery_codes)) == 10
    ((stored,),) = rows("SELECT recovery_code_hashes FROM users WHERE id = %s", alice.user_id)
    assert not set(stored) & set(second.recovery_codes)
    code = second.recovery_codes[3].upper()
    for status in (200, 401):
        answer = client.post(SECOND, json={"challenge": challenge(client, alice), "code": code})
        assert answer.status_code == status
    renewed = alice.post("/profile/2fa/recovery-codes", {"code": second.code()})
    assert renewed.status_code == 200
    old = {"challenge": challenge(client, alice), "code": second.recovery_codes[0]}
    assert client.post(SECOND, json=old).status_code == 401
    new = {"challenge": challenge(client, alice), "code": renewed.json["recovery_codes"][0]}
    assert client.post(SECOND, json=new).status_code == 200


def test_bad_challenges(app, client, alice, second, config, rows):
    with app.app_context():
        good = challenges.issue(alice.user_id, 0)
        stale = challenges.issue(alice.user_id, 7)
    forged = URLSafeTimedSerializer("another secret", salt="second-factor").dumps(
        [str(alice.user_id), 0]
    )
    other = URLSafeTimedSerializer(config.jwt_secret, salt="alert-action").dumps(
        [str(alice.user_id), 0]
    )
    code = second.recovery_codes[0]
    for bad in (forged, other, stale, "x", good[:-1]):
        assert client.post(SECOND, json={"challenge": bad, "code": code}).status_code == 401
    rows("UPDATE users SET token_epoch = 1")
    assert client.post(SECOND, json={"challenge": good, "code": code}).status_code == 401


def test_a_challenge_lasts_five_minutes(app, client, alice, second, monkeypatch):
    begun = challenge(client, alice)
    monkeypatch.setattr(challenges, "LIFETIME_SECONDS", -1)
    body = {"challenge": begun, "code": second.code()}
    assert client.post(SECOND, json=body).status_code == 401


def test_enabling_needs_a_right_code(alice):
    assert alice.post("/profile/2fa/enable", {"code": "123456"}).status_code == 409
    made = alice.post("/profile/2fa/setup").json
    assert made["uri"].startswith("otpauth://totp/AlertifyPro:")
    assert made["qr_code"] == qr_code(made["uri"])
    wrong = alice.post("/profile/2fa/enable", {"code": "000000"})
    assert wrong.status_code == 422
    assert "code" in wrong.json["fields"]
    assert alice.get("/profile").json["two_factor_enabled"] is False


def test_disabling_needs_a_code(client, alice, second):
    assert alice.post("/profile/2fa/setup").status_code == 409
    assert alice.post("/profile/2fa/disable", {"code": "000000"}).status_code == 422
    assert alice.post("/profile/2fa/disable", {"code": second.code()}).status_code == 204
    assert alice.post("/profile/2fa/disable", {"code": second.code()}).status_code == 409
    answer = client.post(LOGIN, json={"email": alice.email, "password": PASSWORD})
    assert "token" in answer.json


def test_codes_cannot_be_guessed(client, alice, second, configure):
    configure(rate_limits=True)
    begun = challenge(client, alice)
    statuses = [
        client.post(SECOND, json={"challenge": begun, "code": f"{n:06}"}).status_code
        for n in range(7)
    ]
    assert statuses == [401] * 5 + [429] * 2
    elsewhere = {"REMOTE_ADDR": "192.0.2.4"}
    body = {"challenge": begun, "code": second.code()}
    assert client.post(SECOND, json=body, environ_base=elsewhere).status_code == 200


def test_the_key_is_sealed_and_in_no_log(alice, second, rows):
    ((stored,),) = rows("SELECT totp_key FROM users WHERE id = %s", alice.user_id)
    assert second.key not in json.dumps(stored)
    log = json.dumps(rows("SELECT event, before, after FROM audit_logs"), default=str)
    assert "auth.two_factor_enabled" in log
    assert "totp" not in log
    assert second.recovery_codes[0] not in log
