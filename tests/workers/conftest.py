"""Messages that processes were lost with."""

import pytest

from app.operations.notifications import claim as outbox_claim
from tests.alerting import make_alert, make_channel, make_notification
from tests.factories import make_service


@pytest.fixture
def lost_twice(alice, connection, rows):
    """A message that two processes were lost with."""
    channel = make_channel(alice)
    alert_id = make_alert(connection, make_service(alice))
    make_notification(
        connection,
        alice.organization_id,
        alert_id=alert_id,
        channel_id=channel["id"],
        subject_key=f"alert:{alert_id}",
        recipient_key=f"channel:{channel['id']}",
        status="pending",
        attempts=0,
    )

    def lose():
        (send,) = outbox_claim.claim(10)
        rows("UPDATE notifications SET lease_until = now() - interval '1 second'")
        return send

    return lose
