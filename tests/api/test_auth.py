"""/auth: register, sign in and out, change the organization."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import psycopg
import pytest

from app.api import auth as auth_views
from tests.factories import PASSWORD, make_person

REGISTER, LOGIN = "/api/v1/auth/register", "/api/v1/auth/login"


def body(**changes):
    return {"email": "dora@example.com", "password": PASSWORD, "full_name": "Dora"} | changes


def test_registering_makes_a_user_an_organization_and_an_owner(client, rows):
    answer = client.post(REGISTER, json=body(email=" Dora@Example.COM "))
    assert answer.status_code == 201
    assert answer.json["message"] == "registered successfully"
    assert set(answer.json) == {"message", "user_id", "org_id"}
    (found,) = rows(
        "SELECT u.email, u.full_name, o.name, o.plan_type, o.max_services, m.role, u.id, o.id"
        " FROM users u JOIN memberships m ON m.user_id = u.id"
        " JOIN organizations o ON o.id = m.organization_id"
    )
    assert found[:6] == (
        "dora@example.com",
        "Dora",
        "Dora's Organization",
        "free",
        5,
        "owner",
    )
    assert found[6:] == (UUID(answer.json["user_id"]), UUID(answer.json["org_id"]))


def test_the_first_account_is_the_operators(client, rows):
    for name in ("first", "second"):
        assert client.post(REGISTER, json=body(email=f"{name}@example.com")).status_code == 201
    assert rows("SELECT email, is_operator FROM users ORDER BY created_at") == [
        ("first@example.com", True),
        ("second@example.com", False),
    ]
    slugs = {slug for (slug,) in rows("SELECT slug FROM organizations")}
    assert len(slugs) == 2


def test_an_address_registers_once_also_when_many_try_at_once(app, rows):
    def register(_):
        return app.test_client().post(REGISTER, json=body()).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(register, range(8)))
    assert statuses == [201] + [409] * 7
    assert rows("SELECT count(*) FROM organizations") == [(1,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "x" * 129),
        ("password", "password"),
        ("password", "12345678"),
        ("password", "dora@example.com"),
        ("password", 12345678),
        ("email", "nobody"),
        ("email", "a b@example.com"),
        ("email", "a@example..com"),
        ("email", "a@example.com\nBcc: b@example.com"),
        ("email", f"{'a' * 65}@example.com"),
        ("email", None),
        ("full_name", "   "),
        ("full_name", "x" * 201),
        ("full_name", "a\nb"),
    ],
)
def test_bad_registrations(client, rows, field, value):
    answer = client.post(REGISTER, json=body(**{field: value}))
    assert answer.status_code == 422
    assert field in answer.json["fields"]
    assert rows("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize("mode", ["closed", "invite"])
def test_a_closed_server_takes_its_first_account_only(client, configure, mode):
    configure(registration=mode)
    assert client.post(REGISTER, json=body()).status_code == 201
    answer = client.post(REGISTER, json=body(email="eve@example.com"))
    assert answer.status_code == 403
    assert "registration" in answer.json["error"]


def test_signing_in(client, alice, config):
    answer = client.post(LOGIN, json={"email": alice.email.upper(), "password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.json) == {"token", "user_id", "org_id"}
    assert answer.json["user_id"] == str(alice.user_id)
    claims = jwt.decode(answer.json["token"], config.jwt_secret, algorithms=["HS256"])
    assert claims["user_id"] == str(alice.user_id)
    assert claims["tenant_id"] == str(alice.organization_id)
    assert claims["email"] == alice.email
    assert claims["exp"] - claims["iat"] == 72 * 3600
    assert UUID(claims["jti"])


def test_wrong_password_and_unknown_address_get_the_same_answer(client, alice):
    wrong = client.post(LOGIN, json={"email": alice.email, "password": "wrong horse"})
    unknown = client.post(LOGIN, json={"email": "nobody@example.com", "password": "wrong horse"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.data == unknown.data == b'{"error":"unauthorized"}'


def test_wrong_password_and_unknown_address_take_the_same_time(client, alice):
    def seconds(email):
        # Of the processor: what else this machine does at that moment tells a stranger nothing.
        begun = time.process_time()
        client.post(LOGIN, json={"email": email, "password": "wrong horse"})
        return time.process_time() - begun

    wrong = min(seconds(alice.email) for _ in range(5))
    unknown = min(seconds("nobody@example.com") for _ in range(5))
    assert unknown == pytest.approx(wrong, rel=0.5)


def test_who_has_an_account_does_not_show_in_the_work_done(client, alice, charlie, monkeypatch):
    """Statements, rows written and passwords hashed: what takes time beside the network."""
    seen, execute, verify = [], psycopg.Cursor.execute, auth_views.verify_password

    def note(cursor, statement, *args, **options):
        seen.append(statement.split()[0])
        return execute(cursor, statement, *args, **options)

    def count(*args):
        seen.append("hash")
        return verify(*args)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    monkeypatch.setattr(auth_views, "verify_password", count)

    def work_of(call):
        call()  # what is asked for the first time is looked up
        seen.clear()
        call()
        return seen.copy()

    def sign_in(email):
        body = {"email": email, "password": "not the right one"}
        return lambda: client.post("/api/v1/auth/login", json=body)

    def invite(email):
        return lambda: alice.post("/members", {"email": email, "role": "viewer"})

    nobody = "nobody@example.com"
    known = work_of(sign_in(alice.email))
    assert known == work_of(sign_in(nobody))
    assert (known.count("hash"), known.count("INSERT")) == (1, 1)
    assert work_of(invite(charlie.email)) == work_of(invite(nobody))


def test_signing_out_ends_this_token_and_no_other(alice, rows):
    other = alice.with_epoch()
    assert alice.post("/auth/logout").status_code == 204
    for answer in (alice.get("/profile"), alice.post("/auth/logout")):
        assert (answer.status_code, answer.data) == (401, b'{"error":"unauthorized"}')
    assert other.get("/profile").status_code == 200
    ((expires_at,),) = rows("SELECT expires_at FROM revoked_tokens")
    assert expires_at - datetime.now(UTC) > timedelta(hours=71)


def test_signing_out_everywhere_ends_every_token(alice, bob):
    other = alice.with_epoch()
    assert alice.post("/auth/logout-all").status_code == 204
    assert alice.get("/profile").status_code == 401
    assert other.get("/profile").status_code == 401
    assert bob.get("/profile").status_code == 200


def test_changing_the_organization(client, alice, bob):
    organizations = bob.get("/profile/organizations").json
    assert [(o["role"], o["id"] == str(alice.organization_id)) for o in organizations] == [
        ("editor", True),
        ("owner", False),
    ]
    own = next(o for o in organizations if o["role"] == "owner")
    answer = bob.post("/auth/switch", {"org_id": own["id"]})
    assert answer.status_code == 200
    assert answer.json["org_id"] == own["id"]
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.get("/api/v1/organization", headers=headers).json["id"] == own["id"]


def test_nobody_changes_into_a_foreign_organization(app, alice):
    stranger = make_person(app, "Charlie")
    foreign = stranger.post("/auth/switch", {"org_id": str(alice.organization_id)})
    unknown = stranger.post("/auth/switch", {"org_id": str(uuid4())})
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.data == unknown.data


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 10**18},
        {"exp": 10**400},
        {"exp": 253402300800},
        {"iat": -(10**18)},
        {"iat": "soon"},
        {"iat": 10**30, "exp": 10**12},
        {"nbf": 10**300},
        {"exp": None},
        {"iat": []},
    ],
)
def test_a_token_of_ours_with_times_beyond_reason_is_refused(app, alice, config, claims):
    token = alice.headers["Authorization"].removeprefix("Bearer ")
    sound = jwt.decode(token, options={"verify_signature": False})
    forged = jwt.encode(sound | claims, config.jwt_secret, algorithm="HS256")
    answer = app.test_client().get(
        "/api/v1/services", headers={"Authorization": f"Bearer {forged}"}
    )
    assert answer.status_code == 401
