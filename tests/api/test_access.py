"""Who is calling: tokens that count and tokens that do not, roles, and `?org=`."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from flask import Flask

from app.security import access
from tests.factories import make_member, service_body

UNAUTHORIZED = b'{"error":"unauthorized"}'


def claims_of(person):
    now = datetime.now(UTC)
    return {
        "user_id": str(person.user_id),
        "tenant_id": str(person.organization_id),
        "email": person.email,
        "epoch": 0,
        "jti": str(uuid4()),
        "type": "access",
        "iat": now,
        "exp": now + timedelta(hours=1),
    }


def with_token(client, token):
    return client.get("/api/v1/profile", headers={"Authorization": f"Bearer {token}"})


def test_a_token_made_by_hand_works_so_that_the_next_tests_mean_something(client, alice, config):
    token = jwt.encode(claims_of(alice), config.jwt_secret, "HS256")
    assert with_token(client, token).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"exp": datetime.now(UTC) - timedelta(seconds=1)},
        {"user_id": str(uuid4())},
        {"user_id": "not a uuid"},
        {"user_id": None},
        {"tenant_id": str(uuid4())},
        {"tenant_id": ["x"]},
        {"jti": None},
        {"epoch": 1},
        {"epoch": "x"},
        {"type": "refresh"},
        {"iat": datetime.now(UTC) + timedelta(hours=1)},
    ],
)
def test_wrong_claims(client, alice, config, change):
    token = jwt.encode(claims_of(alice) | change, config.jwt_secret, "HS256")
    answer = with_token(client, token)
    assert (answer.status_code, answer.data) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("claim", ["user_id", "tenant_id", "jti", "epoch", "exp"])
def test_missing_claims(client, alice, config, claim):
    claims = claims_of(alice)
    del claims[claim]
    answer = with_token(client, jwt.encode(claims, config.jwt_secret, "HS256"))
    assert (answer.status_code, answer.data) == (401, UNAUTHORIZED)


def test_other_signatures(client, alice, config):
    claims = claims_of(alice)
    good = jwt.encode(claims, config.jwt_secret, "HS256")
    deep = jwt.utils.base64url_encode(b"[" * 3000).decode()
    for token in (
        jwt.encode(claims, None, "none"),
        jwt.encode(claims, "another secret, which is long enough as well", "HS256"),
        jwt.encode(claims, config.jwt_secret * 2, "HS512"),
        good[:-2],
        good.replace(".", ""),
        f"{good.split('.')[0]}.{deep}.{good.split('.')[2]}",
        "WK_0123456789",
        "\xff\xfe",
        "",
    ):
        answer = with_token(client, token)
        assert (answer.status_code, answer.data) == (401, UNAUTHORIZED), token


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "bearer  ", "Token x"])
def test_other_headers(client, header):
    answer = client.get("/api/v1/profile", headers={"Authorization": header})
    assert (answer.status_code, answer.data) == (401, UNAUTHORIZED)


def test_removal_from_the_organization_ends_access_at_once(alice, bob, rows):
    assert bob.get("/services").status_code == 200
    rows(
        "DELETE FROM memberships WHERE user_id = %s AND organization_id = %s",
        bob.user_id,
        alice.organization_id,
    )
    answer = bob.get("/services")
    assert (answer.status_code, answer.data) == (401, UNAUTHORIZED)


def test_a_role_is_read_on_every_request(app, alice, rows):
    viewer = make_member(app, alice, "Vera", "viewer")
    answer = viewer.post("/services", service_body())
    assert answer.status_code == 403
    assert "editor" in answer.json["error"]
    assert viewer.get("/services").status_code == 200
    rows("UPDATE memberships SET role = 'member' WHERE user_id = %s", viewer.user_id)
    assert viewer.post("/services", service_body()).status_code == 201


def test_org_chooses_an_organization_of_the_caller(bob, rows):
    ((own,),) = rows(
        "SELECT o.slug FROM organizations o JOIN memberships m ON m.organization_id = o.id"
        " WHERE m.user_id = %s AND m.role = 'owner'",
        bob.user_id,
    )
    assert bob.get("/profile").json["role"] == "editor"
    assert bob.get(f"/profile?org={own}").json["role"] == "owner"
    assert bob.post(f"/services?org={own}", service_body()).status_code == 201
    assert bob.get("/services").json == []
    assert len(bob.get(f"/services?org={own}").json) == 1


def test_org_of_others_is_like_one_that_does_not_exist(alice, charlie, rows):
    slugs = dict(rows("SELECT id, slug FROM organizations"))
    theirs, own = slugs[alice.organization_id], slugs[charlie.organization_id]
    unknown = charlie.get("/services?org=no-such-organization")
    assert unknown.status_code == 404
    for query in (
        f"org={theirs}",
        f"org={own}&org={theirs}",
        f"org={theirs}&org={own}",
        f"org={own}&org={own}",
        f"org[]={theirs}",
        f"org[]={own}",
        f"ORG={theirs}",
        f"org={own.upper()}",
        f"org=%20{own}",
        "org=",
    ):
        answer = charlie.get(f"/services?{query}")
        assert (answer.status_code, answer.data) == (404, unknown.data), query


def test_a_view_that_does_not_say_who_may_call_it_stops_the_start(app):
    other = Flask("other", static_folder=None)
    other.add_url_rule("/open", "open", lambda: "")
    with pytest.raises(RuntimeError, match="/open"):
        access.seal(other)
    for rule in app.url_map.iter_rules():
        assert access.access_of(app, rule.endpoint), rule


def test_a_permission_nobody_defined_stops_the_start():
    with pytest.raises(ValueError, match="services:fly"):
        access.requires("services:fly")


def test_without_a_mark_nothing_is_shown(web, alice):
    bare = Flask("bare", static_folder=None)
    bare.add_url_rule("/", "bare", lambda: "secret")
    with bare.test_request_context("/"), pytest.raises(access.Unauthorized):
        access.check_access()
