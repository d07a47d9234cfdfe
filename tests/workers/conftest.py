"""Messages that processes were lost with."""

import pytest

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
