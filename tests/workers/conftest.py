"""Messages that processes were lost with, health watches, and the application on a port."""

import threading

import pytest
from werkzeug.serving import make_server

from app.operations.notifications import claim as outbox_claim
from tests.alerting import make_channel, make_pending
from workers.health_watch import HealthWatch


@pytest.fixture
def lost_twice(alice, connection, rows):
    """A message that two processes were lost with."""
    channel = make_channel(alice)
    make_pending(alice, connection, channel)

    def lose():
        (send,) = outbox_claim.claim(10)
        rows("UPDATE notifications SET lease_until = now() - interval '1 second'")
        return send

    return lose


@pytest.fixture
def health_watch_of(app):
    """Makes watches that give up their lock when the test is over, which others need."""
    made = []

    def make():
        made.append(HealthWatch(app))
        return made[-1]

    yield make
    for watch in made:
        watch.close()


@pytest.fixture
def served(app):
    """Return the port on which the application listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()
