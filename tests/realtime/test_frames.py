"""Frames that a client of the live feed sends: a few are read, a flood is not."""

import json
import threading
from contextlib import suppress

import pytest
import simple_websocket
from werkzeug.serving import make_server
from wsproto.events import Ping, TextMessage
from wsproto.utilities import LocalProtocolError

from app.realtime import frames
from app.realtime.frames import FrameBudget
from tests.live_feed import FeedClient
from tests.waiting import seconds_until


@pytest.fixture
def client(app, alice):
    """A client on a real server, greeted."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"ws://127.0.0.1:{server.port}/api/v1/ws?token={alice.token}"
    client = FeedClient(address)
    assert client.frame()["type"] == "hello"
    yield client
    with suppress(OSError, simple_websocket.ConnectionClosed):
        client.close()
    server.shutdown()
    thread.join(5)


def is_closed(client):
    try:
        client.receive(timeout=0.1)
    except simple_websocket.ConnectionClosed:
        return True
    return False


@pytest.mark.parametrize(
    "frame",
    [
        Ping(),
        TextMessage(data="", message_finished=False),
        TextMessage(data='{"subscribe": {}}'),
    ],
)
def test_a_flood_of_frames_ends_its_connection(client, frame):
    with suppress(OSError, LocalProtocolError):  # it is closed while more are on their way
        for _ in range(20):
            client.sock.sendall(b"".join(client.ws.send(frame) for _ in range(100)))
    seconds_until(lambda: is_closed(client), 20)


def test_wishes_of_a_person_are_no_flood(client):
    for number in range(30):
        wish = {"subscribe": {"types": [f"alert.{number}"]}}
        client.send(json.dumps(wish))
    client.send("nonsense")
    assert client.frame()["type"] == "error"
    assert client.connected


def test_what_was_used_comes_back_with_time():
    at = [0.0]
    budget = FrameBudget(lambda: at[0])
    assert [budget.take() for _ in range(frames.BURST + 1)] == [True] * frames.BURST + [False]
    at[0] += 1.0
    assert [budget.take() for _ in range(10)] == [True] * 9 + [False]
    at[0] += 3600.0
    assert [budget.take() for _ in range(frames.BURST + 1)] == [True] * frames.BURST + [False]
