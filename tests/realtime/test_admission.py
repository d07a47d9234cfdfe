"""The ways into the live feed: a header, a browser's session, a ticket, and `?org=`."""

import json
import threading
import time
from contextlib import contextmanager
from uuid import uuid4

import pytest
import simple_websocket
from werkzeug.serving import make_server

from app.platform.events import Event
from app.realtime.socket import MOST_OF_A_PERSON
from app.security import access, session_cookie
from tests.factories import make_member, make_service, service_body
from tests.live_feed import FeedClient
from tests.waiting import stretched

OWN = "http://127.0.0.1"  # the library leaves the port out of `Host`


@pytest.fixture
def server(app):
    """The application on a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(5)


@contextmanager
def feed(server, headers=None, query=""):
    address = f"ws://127.0.0.1:{server.port}/api/v1/ws{query}"
    client = FeedClient(address, headers=headers or {})
    try:
        assert client.frame()["type"] == "hello"
        yield client
    finally:
        client.close()


def refused(server, headers, query=""):
    with pytest.raises(simple_websocket.ConnectionError) as error, feed(server, headers, query):
        pass
    return error.value.status_code


def cookie(person, **headers):
    return {"Cookie": f"{session_cookie.NAME}={person.token}"} | headers


def first_created(client):
    """Return the name of the first service that the feed says was created."""
    deadline = time.monotonic() + stretched(5)
    while time.monotonic() < deadline:  # not only until none comes: pings do not end
        message = client.receive(timeout=1)
        frame = json.loads(message) if message is not None else {"type": "none"}
        if frame["type"] == "service.created":
            return frame["data"]["name"]
    raise AssertionError("nothing was created")


def test_a_header(server, alice):
    with feed(server, alice.headers):
        pass
    assert refused(server, {"Authorization": "Bearer x"}) == 401
    assert refused(server, {"Authorization": f"Basic {alice.token}"}) == 401
    assert refused(server, {}) == 401


def test_a_browser_of_our_page(server, alice):
    with feed(server, cookie(alice, Origin=OWN)):
        pass
    with feed(server, cookie(alice, Origin=OWN, **{"Sec-Fetch-Site": "same-origin"})):
        pass


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_browser_of_another_page(server, alice, headers):
    assert refused(server, cookie(alice, **headers)) == 403


def test_a_session_that_has_ended(server, alice):
    alice.post("/auth/logout")
    assert refused(server, cookie(alice, Origin=OWN)) == 401


@pytest.mark.parametrize("way", ["header", "cookie", "token", "ticket", "ticket made there"])
def test_another_organization_of_the_same_person(app, server, alice, rows, way):
    dora = make_member(app, alice, "Dora", "viewer")
    ((home,),) = rows(
        "SELECT o.slug FROM organizations o JOIN memberships m ON m.organization_id = o.id"
        " WHERE m.user_id = %s AND m.role = 'owner'",
        dora.user_id,
    )
    query, headers = f"?org={home}", {}
    if way == "header":
        headers = dora.headers
    elif way == "cookie":
        headers = cookie(dora, Origin=OWN)
    elif way == "token":
        query += f"&token={dora.token}"
    elif way == "ticket":
        query += f"&ticket={dora.post('/ws-tickets').json['ticket']}"
    else:
        query = f"?ticket={dora.post(f'/ws-tickets?org={home}').json['ticket']}"
    with feed(server, headers, query) as client:
        make_service(alice, name="Elsewhere")
        assert dora.post(f"/services?org={home}", service_body(name="Here")).status_code == 201
        assert first_created(client) == "Here"


def test_an_organization_of_others(server, alice, charlie, rows):
    ((slug,),) = rows("SELECT slug FROM organizations WHERE id = %s", charlie.organization_id)
    assert refused(server, alice.headers, f"?org={slug}") == 404
    assert refused(server, alice.headers, "?org=nobody") == 404
    assert refused(server, alice.headers, "?org=") == 404


def test_subscribing_over_the_wire(app, server, alice):
    runtime, service = app.extensions["runtime"], make_service(alice)
    with feed(server, alice.headers) as client:
        client.send(json.dumps({"subscribe": {"check_results_of": [service["id"]]}}))
        client.send("not json")
        assert client.frame()["type"] == "error"  # so the first is read too
        events = [
            Event(alice.organization_id, "check_result", {"service_id": str(id)})
            for id in (uuid4(), service["id"])
        ]
        runtime.feed.publish(events)
        heard = client.frame()
        assert heard["data"]["service_id"] == service["id"]


def test_many_that_arrive_at_once_are_counted_too(app, server, alice, monkeypatch):
    opened, barrier = [], threading.Barrier(2 * MOST_OF_A_PERSON)
    # Nobody's session is noted, which waits for the database, before all are taken or refused.
    decided = threading.Barrier(2 * MOST_OF_A_PERSON)
    monkeypatch.setattr(access, "note_session", lambda _: decided.wait(60))

    def connect():
        barrier.wait(20)
        address = f"ws://127.0.0.1:{server.port}/api/v1/ws"
        headers = {"Authorization": f"Bearer {alice.token}"}
        try:
            opened.append(FeedClient(address, headers=headers))
        except (simple_websocket.ConnectionError, OSError):
            decided.wait(60)

    threads = [threading.Thread(target=connect) for _ in range(2 * MOST_OF_A_PERSON)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    try:
        assert len(opened) == MOST_OF_A_PERSON
    finally:
        for client in opened:
            client.close()


def test_a_request_that_is_no_websocket_keeps_no_place(app, alice):
    assert alice.get("/api/v1/ws").status_code == 404
    assert app.extensions["hub"].count() == 0
