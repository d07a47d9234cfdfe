"""Open WebSockets of people and programs whose access has ended."""

import json
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import simple_websocket
from flask_jwt_extended import create_access_token, decode_token
from sqlalchemy.exc import OperationalError
from werkzeug.serving import make_server

from app.platform.events import Feed, timestamp
from app.realtime import socket as live
from tests.factories import PASSWORD, service_body
from tests.live_feed import FeedClient
from tests.waiting import stretched


@pytest.fixture
def looks_often(monkeypatch):
    """Look again every fifth of a second, as if nobody said that access has changed."""
    monkeypatch.setattr(live, "_PING_SECONDS", 0.1)
    monkeypatch.setattr(live, "_RECHECK_SECONDS", 0.2)
    monkeypatch.setattr(Feed, "access_changed", lambda *_: None)


@pytest.fixture
def feed(app):
    """Open the live feed on a real server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    clients = []

    def open_feed(token, path="/api/v1/ws"):
        address = f"ws://127.0.0.1:{server.port}{path}?token={token}"
        client = FeedClient(address)
        clients.append(client)
        assert client.frame()["type"] == "hello"
        return client

    yield open_feed
    for client in clients:
        # The server may be closing it at this moment.
        with suppress(OSError, simple_websocket.ConnectionClosed):
            client.close()
    server.shutdown()
    thread.join(5)


def close_of(client):
    """Return with which code and reason a client is closed, before a usual look would do it."""
    end = time.monotonic() + min(stretched(10), 25)
    while time.monotonic() < end:
        try:
            client.receive(timeout=1)
        except simple_websocket.ConnectionClosed as closed:
            return closed.reason, closed.message
    raise AssertionError("it stays open")


def frames_until(client, kind):
    """Return the types of the frames that come, to the first of a kind."""
    found, end = [], time.monotonic() + stretched(10)
    while kind not in found and time.monotonic() < end:
        message = client.receive(timeout=1)
        found += [json.loads(message)["type"]] if message is not None else []
    return found


@pytest.mark.parametrize(
    "ending",
    [
        "removal",
        "logout",
        "logout-all",
        "password",
        "deletion of the organization",
        "from another session",
        "all others",
    ],
)
@pytest.mark.parametrize("looking", ["often", "when told"])
def test_a_session(alice, bob, feed, ending, looking, request):
    if looking == "often":
        request.getfixturevalue("looks_often")
    client, other = feed(bob.token), feed(alice.token)
    if ending == "removal":
        alice.delete(f"/members/{bob.user_id}")
    elif ending == "password":
        body = {"current_password": PASSWORD, "new_password": "an entirely new passphrase"}
        assert bob.put("/profile/password", body).status_code == 204
    elif ending == "deletion of the organization":
        slug = alice.get("/organization").json["slug"]
        assert alice.delete("/organization", json={"slug": slug}).status_code == 204
    elif ending in ("from another session", "all others"):
        elsewhere = bob.with_epoch()
        (ours,) = (
            each for each in elsewhere.get("/profile/sessions").json if not each["is_present"]
        )
        path = f"/{ours['id']}" if ending == "from another session" else ""
        assert elsewhere.delete(f"/profile/sessions{path}").status_code == 204
    else:
        assert bob.post(f"/auth/{ending}").status_code == 204
    code, message = close_of(client)
    assert (code, message) == (1008, "access has ended")
    if ending != "deletion of the organization":
        assert alice.post("/services", service_body()).status_code == 201
        assert "service.created" in frames_until(other, "service.created")


_ENDINGS_OF_A_KEY = ("revoked", "rotated", "narrowed", "its maker removed")


@pytest.mark.parametrize(
    ("ending", "looking"),
    [
        ("expired", "often"),
        *((ending, looking) for ending in _ENDINGS_OF_A_KEY for looking in ("often", "when told")),
    ],
)
def test_a_key(alice, bob, feed, rows, ending, looking, request):
    if looking == "often":
        request.getfixturevalue("looks_often")
    made = bob.post("/api-keys", {"name": "k", "scopes": ["read"]}).json
    client = feed(made["key"])
    path = f"/api-keys/{made['id']}"
    if ending == "revoked":
        alice.delete(path)
    elif ending == "rotated":
        bob.post(f"{path}/rotate")
    elif ending == "narrowed":
        assert bob.patch(path, {"scopes": ["wall"]}).status_code == 200
    elif ending == "expired":
        rows("UPDATE api_keys SET expires_at = now()")
    else:
        alice.delete(f"/members/{bob.user_id}")
    assert close_of(client)[0] == 1008


def soon():
    """Return seconds in which a connection is open for sure, and well before a usual look."""
    return min(stretched(2), 12)


def short_session(app, person, seconds):
    """Return a token of somebody's session that expires in so long, to a second (RFC 7519)."""
    with app.app_context():
        claims = decode_token(person.token)
        return create_access_token(
            identity=claims["user_id"],
            additional_claims={name: claims[name] for name in ("tenant_id", "email", "epoch")},
            expires_delta=timedelta(seconds=seconds),
        )


@pytest.mark.parametrize("credential", ["key", "session"])
def test_whoever_expires_is_closed_at_that_moment(app, bob, feed, credential):
    """Long before a usual look, though nobody says that access has changed."""
    seconds = soon()
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    if credential == "key":
        body = {"name": "k", "scopes": ["read"], "expires_at": timestamp(expires_at)}
        token = bob.post("/api-keys", body).json["key"]
    else:
        token = short_session(app, bob, seconds)
    client = feed(token)
    code, message = close_of(client)
    assert (code, message) == (1008, "access has ended")
    assert datetime.now(UTC) > expires_at - timedelta(seconds=1)


def test_a_key_that_is_given_more_time_stays_until_then(bob, feed):
    first = datetime.now(UTC) + timedelta(seconds=soon())
    body = {"name": "k", "scopes": ["read"], "expires_at": timestamp(first)}
    made = bob.post("/api-keys", body).json
    client = feed(made["key"])
    later = {"expires_at": timestamp(first + timedelta(seconds=2))}
    assert bob.patch(f"/api-keys/{made['id']}", later).status_code == 200
    assert close_of(client)[0] == 1008
    assert datetime.now(UTC) > first + timedelta(seconds=2)


def test_what_has_expired_is_closed_without_the_database(alice, feed, monkeypatch):
    """An outage of ours drops nobody, but lengthens no access either."""
    ends_at = datetime.now(UTC) + timedelta(seconds=soon())
    body = {"name": "k", "scopes": ["read"], "expires_at": timestamp(ends_at)}
    ends, stays = feed(alice.post("/api-keys", body).json["key"]), feed(alice.token)

    def is_away(*_, **__):
        raise OperationalError("SELECT 1", {}, Exception("away"))

    monkeypatch.setattr(live.access, "authenticate", is_away)
    assert close_of(ends)[0] == 1008
    assert stays.connected


def test_the_key_of_a_wall_does_not_follow_the_feed(app, alice):
    key = alice.post("/api-keys", {"name": "k", "scopes": ["wall"]}).json["key"]
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    answer = app.test_client().get(f"/api/v1/ws?token={key}", headers=headers)
    assert answer.status_code == 403
    assert "scopes" in answer.json["error"]


def test_another_role_and_another_session_that_ends_are_no_end(alice, bob, client, feed):
    """Every role may follow; a person is asked anew for each of their connections."""
    ours = feed(bob.token)
    again = client.post("/api/v1/auth/login", json={"email": bob.email, "password": PASSWORD})
    theirs = feed(again.json["token"])
    assert alice.put(f"/members/{bob.user_id}", {"role": "viewer"}).status_code == 200
    headers = {"Authorization": f"Bearer {again.json['token']}"}
    assert client.post("/api/v1/auth/logout", headers=headers).status_code == 204
    assert close_of(theirs)[0] == 1008
    assert alice.post("/services", service_body()).status_code == 201
    assert "service.created" in frames_until(ours, "service.created")


def test_whoever_may_stays(bob, feed, looks_often):
    client = feed(bob.token)
    for _ in range(8):
        assert client.frame(2)["type"] == "ping"
    assert client.connected


def test_the_product_looks_again_in_time():
    """A recheck follows the first ping after it is due: together less than a minute."""
    assert live._RECHECK_SECONDS + live._PING_SECONDS < 60


def test_a_slash_at_the_end_opens_no_back_door(app, alice, feed):
    assert app.test_client().get("/api/v1/ws/").status_code == 401
    assert app.test_client().get("/api/v1/ws/?token=nonsense").status_code == 401
    feed(alice.token, "/api/v1/ws/")


def test_nobody_holds_all_live_connections(app, alice, bob, charlie, feed, monkeypatch):
    monkeypatch.setattr(live, "MOST_OF_A_PERSON", 2)
    monkeypatch.setattr(live, "MOST_OF_AN_ORGANIZATION", 3)
    for person in (alice, alice, bob):
        feed(person.token)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    for person, whose in ((alice, "you have"), (bob, "this organization")):
        answer = app.test_client().get(f"/api/v1/ws?token={person.token}", headers=headers)
        assert answer.status_code == 429
        assert answer.json["error"].startswith(whose)
        assert int(answer.headers["Retry-After"]) > 0
    feed(charlie.token)
