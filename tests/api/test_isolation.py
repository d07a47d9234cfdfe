"""Every route and method for everybody who might call it; the list is the route table itself.

A new route is picked up by itself. Where nobody has said in `tests.url_arguments` how to make what
one of its ids names, the tests fail and name the route.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import jwt
import pytest

from app.domain.accounts import permissions
from app.domain.accounts.permissions import Role
from app.operations.notifications import message_tests
from app.operations.services import history as service_history
from app.operations.services import one_off_checks
from tests.api.isolation_world import World, plain, routes, slots, with_id
from tests.factories import API, make_member, make_person

UNAUTHORIZED = b'{"error":"unauthorized"}'
# For somebody else's id; their own membership everybody may end.
STRICTER = {"DELETE /api/v1/members/<uuid:user_id>": "members:write"}
# What an example would really do, the tests leave be.
HARMLESS = {"DELETE /api/v1/organization": {"slug": "not-this-one"}}


@pytest.fixture(autouse=True)
def quick(configure, monkeypatch):
    """No limits, and workers that answer at once."""
    configure(plan_limits=False, rate_limits=False)
    probed = {"status": "GREEN", "response_time_ms": 1.0, "status_code": 200, "error": None}
    probed |= {"phases": {}, "evidence": None, "failure_kind": None}
    monkeypatch.setattr(service_history, "result_after", lambda *_: probed)
    monkeypatch.setattr(one_off_checks, "outcome", lambda _: probed)
    sent = {"ok": True, "status_code": 200, "error": None, "duration_ms": 1.0}
    monkeypatch.setattr(message_tests, "outcome", lambda _: sent)
    monkeypatch.setattr("app.api.password_reset._ANSWER_SECONDS", 0.0)


@pytest.fixture
def operator(app):
    """The first account: the operator's."""
    return make_person(app, "Olga")


@pytest.fixture
def table(app):
    return routes(app)


@pytest.fixture
def world(operator, alice, table):
    world = World(table)
    missing = world.fill(alice)
    assert not missing, "\n".join(missing)
    return world


@pytest.fixture
def fresh(rows):
    """Sign somebody in anew: some routes end tokens."""

    def sign_in(person):
        ((epoch,),) = rows("SELECT token_epoch FROM users WHERE id = %s", person.user_id)
        return person.with_epoch(epoch)

    return sign_in


def call(client, route, ids, token=None, query="", body=None):
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    path = f"{route.path(ids)}{query}"
    options = {"json": body} if body is not None else {}
    return client.open(path, method=route.method, headers=headers, **options)


def is_public(route):
    return route.mark == "public"


def dead_tokens(app, alice, config, rows):
    """Return tokens and keys that nobody should be able to use, by what is wrong with them."""
    now = datetime.now(UTC)
    claims = {
        "user_id": str(alice.user_id),
        "tenant_id": str(alice.organization_id),
        "email": alice.email,
        "epoch": 0,
        "jti": str(uuid4()),
        "type": "access",
        "iat": now - timedelta(hours=73),
        "exp": now - timedelta(hours=1),
    }
    dead = {
        "no token": None,
        "bad token": "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "expired token": jwt.encode(claims, config.jwt_secret, "HS256"),
        "unknown key": f"WK_{'0' * 64}",
    }
    for name in ("revoked key", "expired key"):
        made = alice.post("/api-keys", {"name": name, "scopes": ["admin"]}).json
        dead[name] = made["key"]
        if name == "revoked key":
            alice.delete(f"/api-keys/{made['id']}")
        else:
            rows("UPDATE api_keys SET expires_at = now() WHERE id = %s", made["id"])
    removed = make_member(app, alice, "Rob", "admin")
    alice.delete(f"/members/{removed.user_id}")
    gone = make_member(app, alice, "Gil", "admin")
    gone.post("/auth/logout")
    return dead | {"removed member": removed.token, "signed out": gone.token}


def test_who_is_nobody_gets_nothing(app, client, world, alice, config, rows):
    faults, dead = [], dead_tokens(app, alice, config, rows)
    for route in world.routes:
        # Where no token is needed, one changes nothing either.
        expected = call(client, route, world.ids) if is_public(route) else None
        for name, token in dead.items():
            answer = call(client, route, world.ids, token)
            if expected is not None:
                if plain(answer) != plain(expected) or answer.status_code >= 500:
                    faults.append(f"{name}: {route}: {answer.status_code}")
            elif (answer.status_code, answer.data) != (401, UNAUTHORIZED):
                faults.append(f"{name}: {route}: {answer.status_code} {answer.text[:80]}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_the_table_says_and_nothing_else(app, client, world, alice, fresh, role):
    person = make_member(app, alice, "Mia", role.value)
    faults, opened = [], 0
    for route in world.routes:
        if is_public(route):
            continue
        body = HARMLESS.get(str(route), route.example)
        answer = call(client, route, world.of_others(), fresh(person).token, body=body)
        if route.mark.startswith("guarded"):
            expected = answer.status_code == 401
        elif route.mark == "operators":
            expected = answer.status_code == 403
        else:
            needed = STRICTER.get(str(route), route.mark)
            if permissions.is_allowed(role, needed):
                expected = answer.status_code not in (401, 403, 405) and answer.status_code < 500
                opened += 1
            else:
                least = permissions.least_role(needed)
                expected = answer.status_code == 403 and least in answer.json["error"]
        if not expected:
            faults.append(f"{route} ({route.mark}): {answer.status_code} {answer.text[:100]}")
    assert not faults, "\n".join(faults)
    assert opened > 20


def test_operators_open_what_is_theirs(client, world, operator):
    theirs = [route for route in world.routes if route.mark == "operators"]
    assert len(theirs) >= 4
    for route in theirs:
        answer = call(client, route, world.ids, operator.token, body={})
        assert answer.status_code == 200, f"{route}: {answer.text}"


def fingerprint(rows, organization_id):
    """Return a digest of everything that belongs to an organization, by table."""
    tables = rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE a.attname = 'organization_id' AND c.relkind = 'r'"
        " AND c.relnamespace = 'public'::regnamespace"
    )
    return {
        name: rows(
            f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{name}" t'
            " WHERE organization_id = %s",
            organization_id,
        )
        for (name,) in tables
    }


def test_ids_of_others_are_like_ids_of_nobody(client, world, alice, charlie, fresh, rows):
    before = fingerprint(rows, alice.organization_id)
    faults, pairs = [], 0
    for route in world.routes:
        if is_public(route) or not route.ids:
            continue
        for body in (None, {}, route.example):
            unknown = world.of_others()
            token = fresh(charlie).token
            theirs = plain(call(client, route, world.ids, token, body=body), *world.ids.values())
            nobody = plain(call(client, route, unknown, token, body=body), *unknown.values())
            pairs += 1
            if theirs != nobody or theirs[0] >= 500 or theirs[0] < 400:
                faults.append(f"{route}: {theirs[:2]} but {nobody[:2]} for an unknown id")
    assert not faults, "\n".join(faults)
    assert pairs > 100
    assert fingerprint(rows, alice.organization_id) == before


def in_query(send, name, id):
    return send(f"?{name}={id}")


def in_body(send, example, at, alone, id):
    return send(body=with_id(example, at, id, alone=alone))


def test_ids_of_others_in_bodies_and_queries(client, world, alice, charlie, fresh, rows):
    """Every place for an id, with every id of Alice's: as if nobody had it."""
    before = fingerprint(rows, alice.organization_id)
    faults, places = [], 0

    def is_same(theirs, nobody):
        return theirs[0] == nobody[0] and (theirs[0] < 400 or theirs[1] == nobody[1])

    def compare(route, what, ask):
        unknown = str(uuid4())
        nobody = plain(ask(unknown), unknown)
        for name, id in world.ids.items():
            theirs = plain(ask(id), id)
            if not is_same(theirs, nobody):  # what was asked in between may have changed it
                nobody = plain(ask(unknown), unknown)
            if not is_same(theirs, nobody):
                faults.append(f"{route} {what}, {name}: {theirs[:2]} but {nobody[:2]}")
            if theirs[0] >= 500:
                faults.append(f"{route} {what}, {name}: {theirs[:2]}")

    for route in world.routes:
        if is_public(route) or route.mark.startswith(("guarded", "operators")):
            continue
        send = partial(call, client, route, world.of_others(), fresh(charlie).token)
        for name in route.id_queries():
            places += 1
            compare(route, f"?{name}=", partial(in_query, send, name))
        for at in slots(route.example or {}):
            for alone in (True, False):
                places += 1
                compare(route, f"{at}", partial(in_body, send, route.example, at, alone))
    assert not faults, "\n".join(faults)
    assert places > 20
    assert fingerprint(rows, alice.organization_id) == before


def test_lists_hold_nothing_of_others(client, world, charlie):
    for route in world.routes:
        if route.method == "GET" and not is_public(route) and not route.ids:
            text = call(client, route, {}, charlie.token).text
            assert not [name for name, id in world.ids.items() if id in text], route


def test_org_of_others_is_like_one_of_nobody(client, world, alice, charlie, rows):
    ((slug,),) = rows("SELECT slug FROM organizations WHERE id = %s", alice.organization_id)
    for route in world.routes:
        if is_public(route) or route.mark.startswith("guarded"):
            continue
        theirs = call(client, route, world.ids, charlie.token, f"?org={slug}")
        nobody = call(client, route, world.ids, charlie.token, "?org=no-such-organization")
        assert theirs.status_code == 404, route
        assert plain(theirs) == plain(nobody), route


def test_the_ids_are_real(client, world, alice, fresh):
    """Else the other tests would compare nothing with nothing: the owner's calls succeed."""
    order = ("GET", "PATCH", "PUT", "POST", "DELETE")
    reached = set()
    for route in sorted(world.routes, key=lambda r: (order.index(r.method), -len(r.rule))):
        if route.ids and not is_public(route) and route.mark != "operators":
            for body in (None, route.example):
                answer = call(client, route, world.ids, fresh(alice).token, body=body)
                assert answer.status_code < 500, f"{route}: {answer.text}"
                if answer.status_code < 300:
                    reached.update(route.ids)
    assert reached == set(world.ids) - {"organization_id"}


def test_every_route_is_validated(app, table):
    marks = {route.mark for route in table}
    assert {"public", "operators"} < marks
    for mark in marks:
        known = mark in ("public", "operators") or mark.startswith("guarded")
        assert known or permissions.is_known(mark), mark
    assert all(
        route.rule.startswith((API, "/ops/", "/health", "/ready", "/ping", "/metrics"))
        or is_public(route)
        for route in table
    )
