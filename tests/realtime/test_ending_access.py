"""Open WebSockets of people and programs whose access has ended."""

import json
import threading
import time

import pytest
import simple_websocket
from werkzeug.serving import make_server

from app.realtime import socket as live
from tests.factories import PASSWORD


@pytest.fixture
def feed(app, monkeypatch):
    """Open the live feed on a real server that looks again every fifth of a second."""
    monkeypatch.setattr(live, "_PING_SECONDS", 0.1)
    monkeypatch.setattr(live, "_RECHECK_SECONDS", 0.2)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    clients = []

    def open_feed(token, path="/api/v1/ws"):
        address = f"ws://127.0.0.1:{server.port}{path}?token={token}"
        client = simple_websocket.Client(address)
        clients.append(client)
        assert json.loads(client.receive(timeout=5))["type"] == "hello"
        return client

    yield open_feed
    for client in clients:
        if client.connected:
            client.close()
    server.shutdown()
    thread.join(5)


def seconds_until_closed(client):
    """Return after how many seconds a client is closed, and why."""
    began = time.monotonic()
    while time.monotonic() - began < 10:
        try:
            client.receive(timeout=1)
        except simple_websocket.ConnectionClosed as closed:
            return time.monotonic() - began, closed.reason, closed.message
    raise AssertionError("it stays open")


@pytest.mark.parametrize(
    "ending",
    ["removal", "logout", "logout-all", "password", "deletion of the organization"],
)
def test_a_session(alice, bob, feed, ending):
    client, other = feed(bob.token), feed(alice.token)
    if ending == "removal":
        alice.delete(f"/members/{bob.user_id}")
    elif ending == "password":
        body = {"current_password": PASSWORD, "new_password": "an entirely new passphrase"}
        assert bob.put("/profile/password", body).status_code == 204
    elif ending == "deletion of the organization":
        slug = alice.get("/organization").json["slug"]
        assert alice.delete("/organization", json={"slug": slug}).status_code == 204
    else:
        assert bob.post(f"/auth/{ending}").status_code == 204
    seconds, code, message = seconds_until_closed(client)
    assert seconds < 2
    assert (code, message) == (1008, "access has ended")
    if ending != "deletion of the organization":
        assert json.loads(other.receive(timeout=2))["type"] == "ping"


@pytest.mark.parametrize("ending", ["revoked", "rotated", "expired", "its maker removed"])
def test_a_key(alice, bob, feed, rows, ending):
    made = bob.post("/api-keys", {"name": "k", "scopes": ["read"]}).json
    client = feed(made["key"])
    path = f"/api-keys/{made['id']}"
    if ending == "revoked":
        alice.delete(path)
    elif ending == "rotated":
        bob.post(f"{path}/rotate")
    elif ending == "expired":
        rows("UPDATE api_keys SET expires_at = now()")
    else:
        alice.delete(f"/members/{bob.user_id}")
    seconds, code, _ = seconds_until_closed(client)
    assert (seconds < 2, code) == (True, 1008)


def test_whoever_may_stays(bob, feed):
    client = feed(bob.token)
    for _ in range(8):
        assert json.loads(client.receive(timeout=2))["type"] == "ping"
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
