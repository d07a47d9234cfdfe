"""/api-keys: what keys may do, and when they end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.platform.clock import utcnow
from app.platform.crypto import digest
from app.security.access import access_of
from tests.factories import make_member, make_service, service_body

UNAUTHORIZED = b'{"error":"unauthorized"}'


@pytest.fixture
def calling(client):
    """Call the API with a key."""

    def call(key, method, path, json=None):
        headers = {"Authorization": f"Bearer {key}"}
        return client.open(f"/api/v1{path}", method=method, json=json, headers=headers)

    return call


def make_key(person, *scopes, **more):
    answer = person.post("/api-keys", {"name": "Key", "scopes": list(scopes)} | more)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_key_is_shown_once_and_only_its_hash_is_stored(alice, rows):
    made = make_key(alice, "read", "write")
    key = made.pop("key")
    assert key.startswith("WK_")
    assert len(key) == 3 + 64
    assert made["prefix"] == key[:11]
    assert made["created_by"] == str(alice.user_id)
    assert rows("SELECT key_hash FROM api_keys") == [(digest(key),)]
    assert alice.get("/api-keys").json == [made]
    assert alice.get(f"/api-keys/{made['id']}").json == made


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        (["read"], {"read"}),
        (["alerts"], {"read", "ack"}),
        (["write"], {"read", "write"}),
        (["write", "alerts"], {"read", "write", "ack"}),
        (["admin"], {"read", "write", "ack", "admin"}),
    ],
)
def test_scopes_decide_what_a_key_may_do(alice, calling, scopes, may):
    key = make_key(alice, *scopes)["key"]
    doings = {
        "read": ("GET", "/services", None),
        "write": ("POST", "/services", service_body()),
        "ack": ("POST", f"/alerts/{uuid4()}/acknowledge", {}),
        "admin": ("GET", "/audit-logs", None),
    }
    for name, (method, path, body) in doings.items():
        answer = calling(key, method, path, body)
        assert (answer.status_code == 403) is (name not in may), (name, answer.text)
    assert calling(key, "PUT", "/profile", {"full_name": "X"}).status_code == 403
    assert calling(key, "DELETE", "/organization", {"slug": "x"}).status_code == 403


def test_a_key_never_reaches_beyond_its_makers_role(app, alice, calling):
    editor = make_member(app, alice, "Ed", "editor")
    beyond = editor.post("/api-keys", {"name": "x", "scopes": ["read", "admin"]})
    assert beyond.status_code == 403
    key = make_key(editor, "write")["key"]
    assert calling(key, "POST", "/services", service_body()).status_code == 201
    alice.patch(f"/members/{editor.user_id}", {"role": "viewer"})
    assert calling(key, "POST", "/services", service_body()).status_code == 403
    assert calling(key, "GET", "/services").status_code == 200


def test_a_key_makes_no_key_that_reaches_further(app, alice, calling):
    admin = make_key(alice, "admin")["key"]
    made = calling(admin, "POST", "/api-keys", {"name": "x", "scopes": ["admin"]})
    assert made.status_code == 201
    newcomer = make_member(app, alice, "Nora", "viewer")
    appointed = calling(admin, "PATCH", f"/members/{newcomer.user_id}", {"role": "owner"})
    assert appointed.status_code == 403, "ownership is for people"
    appointed = calling(admin, "PATCH", f"/members/{newcomer.user_id}", {"role": "admin"})
    assert appointed.status_code == 200


def test_revoked_expired_and_rotated_keys_are_dead_at_once(alice, calling, rows):
    made = make_key(alice, "read")
    rotated = alice.post(f"/api-keys/{made['id']}/rotate").json
    assert rotated["id"] == made["id"]
    answer = calling(made["key"], "GET", "/services")
    assert (answer.status_code, answer.data) == (401, UNAUTHORIZED)
    key = rotated["key"]
    assert calling(key, "GET", "/services").status_code == 200
    rows("UPDATE api_keys SET expires_at = now() - interval '1 second'")
    assert calling(key, "GET", "/services").status_code == 401
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert alice.patch(f"/api-keys/{made['id']}", {"expires_at": later}).status_code == 200
    assert calling(key, "GET", "/services").status_code == 200
    assert alice.delete(f"/api-keys/{made['id']}").status_code == 204
    assert calling(key, "GET", "/services").status_code == 401


def test_a_key_is_for_one_organization(bob, calling, rows):
    slugs = dict(rows("SELECT id, slug FROM organizations"))
    key = make_key(bob, "write")["key"]
    here = slugs[bob.organization_id]
    ((own_id, own),) = [item for item in slugs.items() if item[1].startswith("bob")]
    assert calling(key, "GET", f"/services?org={here}").status_code == 200
    assert calling(key, "GET", f"/services?org={own}").status_code == 404
    elsewhere = service_body(organization_id=str(own_id))
    assert bob.post("/services", elsewhere).status_code == 201
    assert calling(key, "POST", "/services", elsewhere).status_code == 422


def test_last_use_is_kept_to_the_minute(alice, calling, rows):
    key = make_key(alice, "read")["key"]
    assert rows("SELECT last_used_at FROM api_keys") == [(None,)]
    calling(key, "GET", "/services")
    (first,) = rows("SELECT last_used_at, updated_at FROM api_keys")
    assert first[0] is not None
    calling(key, "GET", "/services")
    assert rows("SELECT last_used_at, updated_at FROM api_keys") == [first]
    rows("UPDATE api_keys SET last_used_at = now() - interval '61 seconds'")
    calling(key, "GET", "/services")
    ((used,),) = rows("SELECT last_used_at FROM api_keys")
    assert used >= first[0]


def test_editors_see_their_own_keys_and_admins_all(app, alice):
    editor = make_member(app, alice, "Ed", "editor")
    own, other = make_key(editor, "read"), make_key(alice, "read")
    assert [k["id"] for k in editor.get("/api-keys").json] == [own["id"]]
    assert {k["id"] for k in alice.get("/api-keys").json} == {own["id"], other["id"]}
    path = f"/api-keys/{other['id']}"
    unknown = editor.get(f"/api-keys/{uuid4()}")
    for answer in (
        editor.get(path),
        editor.patch(path, {"name": "x"}),
        editor.post(f"{path}/rotate"),
        editor.delete(path),
    ):
        assert (answer.status_code, answer.data) == (404, unknown.data)
    theirs = f"/api-keys/{own['id']}"
    assert alice.post(f"{theirs}/rotate").status_code == 403, "it would act in the editor's name"
    assert alice.delete(theirs).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": " ", "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["read"], "key": "WK_mine"},
    ],
)
def test_bad_keys(alice, body):
    assert alice.post("/api-keys", body).status_code == 422


def test_a_key_opens_the_live_feed(alice, calling):
    key = make_key(alice, "read")["key"]
    assert calling(key, "POST", "/ws-tickets").status_code == 201
    make_service(alice)


def with_key(client, key):
    def call(method, path, json=None):
        headers = {"Authorization": f"Bearer {key}"}
        return client.open(f"/api/v1{path}", method=method, json=json, headers=headers)

    return call


def test_a_key_made_with_a_key_ends_with_it(client, alice):
    soon = (utcnow() + timedelta(hours=1)).isoformat()
    later = (utcnow() + timedelta(days=9)).isoformat()
    body = {"name": "parent", "scopes": ["admin"], "expires_at": soon}
    parent = alice.post("/api-keys", body).json
    call = with_key(client, parent["key"])
    child = call("POST", "/api-keys", {"name": "child", "scopes": ["admin"]}).json
    assert child["expires_at"] == parent["expires_at"]
    for expires_at in (later, None):
        longer = {"name": "x", "scopes": ["read"], "expires_at": expires_at}
        assert call("POST", "/api-keys", longer).status_code == 422
        own = call("PATCH", f"/api-keys/{parent['id']}", {"expires_at": expires_at})
        assert own.status_code == 422
    grandchild = with_key(client, child["key"])(
        "POST", "/api-keys", {"name": "grandchild", "scopes": ["admin"]}
    ).json
    last = with_key(client, grandchild["key"])
    assert last("GET", "/services").status_code == 200
    sooner = (utcnow() + timedelta(minutes=5)).isoformat()
    changed = {"expires_at": sooner, "scopes": ["read"]}
    assert alice.patch(f"/api-keys/{parent['id']}", changed).status_code == 200
    bounded = alice.get(f"/api-keys/{grandchild['id']}").json
    assert bounded["expires_at"][:16] == sooner[:16]
    assert bounded["scopes"] == []
    assert alice.delete(f"/api-keys/{parent['id']}").status_code == 204
    assert last("GET", "/services").status_code == 401
    assert alice.get("/api-keys").json == []


def test_a_key_leaves_no_door_open_in_other_keys(client, alice):
    parent = alice.post("/api-keys", {"name": "parent", "scopes": ["admin"]}).json
    other = alice.post("/api-keys", {"name": "other", "scopes": ["read"]}).json
    call = with_key(client, parent["key"])
    path = f"/api-keys/{other['id']}"
    assert call("PATCH", path, {"scopes": ["admin"]}).status_code == 403
    assert call("POST", f"{path}/rotate").status_code == 403
    child = call("POST", "/api-keys", {"name": "child", "scopes": ["read"]}).json
    assert call("PATCH", f"/api-keys/{child['id']}", {"name": "mine"}).status_code == 200
    rotated = alice.post(f"/api-keys/{parent['id']}/rotate")
    assert rotated.status_code == 200
    assert with_key(client, child["key"])("GET", "/services").status_code == 401
    assert with_key(client, rotated.json["key"])("DELETE", path).status_code == 204


def test_the_key_of_a_wall_reads_the_wall_and_nothing_else(app, alice, bob, calling):
    """Every address that somebody with a session may read is refused to it, but this one."""
    name = make_service(alice, endpoint="http://10.0.0.9/secret-path")["name"]
    made = make_key(alice, "wall")
    found = calling(made["key"], "GET", "/services/wall")
    assert found.status_code == 200
    (service,) = found.json["services"]
    assert (service["name"], service["status"], found.json["open_alerts"]) == (name, "PENDING", 0)
    assert "secret-path" not in found.text
    again = calling(made["key"], "GET", "/services/wall")
    assert again.headers["ETag"] == found.headers["ETag"]
    reached = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/") and access_of(app, rule.endpoint) != "public"
        if "guarded" not in access_of(app, rule.endpoint)
        if calling(made["key"], method, address_of(rule)).status_code != 403
    }
    assert reached == {("GET", "/api/v1/services/wall")}
    assert alice.delete(f"/api-keys/{made['id']}").status_code == 204
    assert calling(made["key"], "GET", "/services/wall").status_code == 401


def address_of(rule):
    values = {name: uuid4() for name in rule.arguments}
    return rule.build(values, append_unknown=False)[1].removeprefix("/api/v1")
