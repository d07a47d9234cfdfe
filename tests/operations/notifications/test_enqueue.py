"""The outbox is filled: whom an event is for, and each message once."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.operations.notifications import enqueue
from app.operations.notifications.enqueue import Recipient
from app.platform.clock import utcnow
from app.platform.transaction import transaction
from tests.alerting import make_alert, make_channel
from tests.factories import make_service

FIRED = "alert.fired"


@pytest.fixture
def recipients(context, alice):
    """Return the keys of the channels that want an event of a severity."""

    def recipients(severity="critical", ids=()):
        with transaction() as tx:
            found = enqueue.channels_for(tx, alice.organization_id, FIRED, severity, utcnow(), ids)
            return {UUID(recipient.key.removeprefix("channel:")) for recipient in found}

    return recipients


def test_all_enabled_channels_hear_of_an_event_or_those_named(alice, recipients):
    first, second = (UUID(make_channel(alice, name=name)["id"]) for name in ("A", "B"))
    make_channel(alice, name="C", is_enabled=False)
    assert recipients() == {first, second}
    assert recipients(ids=[second]) == {second}


def test_a_channel_hears_of_nothing_below_its_severity(alice, recipients):
    make_channel(alice, min_severity="critical")
    assert recipients("warning") == set()
    assert len(recipients("critical")) == 1


def test_why_nobody_hears_is_said_in_words(context, alice):
    make_channel(alice, is_enabled=False)
    with transaction() as tx:
        assert enqueue.why_nobody(tx, alice.organization_id, FIRED, "critical", [])


def message_for(alice, alert_id, key, **changes):
    """Put a message to one recipient into the outbox; return how many were new."""
    with transaction() as tx:
        return enqueue.messages(
            tx,
            organization_id=alice.organization_id,
            alert_id=alert_id,
            subject_key=f"alert:{alert_id}",
            kind=FIRED,
            severity="critical",
            message={},
            recipients=[Recipient(key, contact={"type": "email", "config": {}})],
            now=utcnow(),
            **changes,
        )


def test_a_message_is_enqueued_once_for_each_step(context, alice, connection, rows):
    alert_id = make_alert(connection, make_service(alice))
    assert message_for(alice, alert_id, "user:ann:0") == 1
    assert message_for(alice, alert_id, "user:ann:0") == 0
    assert message_for(alice, alert_id, "user:ann:0", step=1) == 1
    assert len(rows("SELECT id FROM notifications WHERE alert_id = %s", alert_id)) == 2


def test_a_held_message_waits_for_its_time(context, alice, connection, rows):
    alert_id = make_alert(connection, make_service(alice))
    until = utcnow() + timedelta(hours=1)
    message_for(alice, alert_id, "user:ann:0", hold_until=until)
    assert rows("SELECT next_try_at FROM notifications") == [(until,)]
