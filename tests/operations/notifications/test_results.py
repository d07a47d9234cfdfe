"""Results of tries to send: what becomes of the message and of its channel."""

from dataclasses import replace
from uuid import uuid4

import pytest

from app.operations.notifications import claim, results
from app.operations.notifications.claim import DeliveryOutcome
from app.platform.clock import utcnow
from tests.alerting import latest_alert, make_channel, make_pending, timeline_texts

SENT = DeliveryOutcome(ok=True, status_code=200)
BUSY = DeliveryOutcome(ok=False, error="HTTP 503", status_code=503)
MESSAGE = "SELECT status, lease_token IS NULL, last_error FROM notifications"


@pytest.fixture
def channel(alice):
    return make_channel(alice)


@pytest.fixture
def send(context, alice, connection, channel):
    """Claim a message that is due for the channel."""
    make_pending(alice, connection, channel, next_try_at=utcnow())
    (send,) = claim.claim(1)
    return send


def test_what_was_taken_is_sent(send, rows):
    results.record(send, SENT)
    assert rows(MESSAGE) == [("sent", True, None)]
    assert rows("SELECT status_code FROM notification_attempts") == [(200,)]


def test_what_was_not_taken_is_tried_later(send, rows):
    results.record(send, BUSY)
    assert rows(MESSAGE) == [("pending", True, "HTTP 503")]
    assert rows("SELECT next_try_at > now() FROM notifications") == [(True,)]


def test_what_is_refused_for_good_is_given_up(send, rows):
    results.record(send, replace(BUSY, permanent=True))
    assert rows(MESSAGE)[0] == ("dead", True, "HTTP 503")


def test_a_sender_whose_lease_was_lost_changes_nothing(send, rows):
    results.record(replace(send, lease_token=uuid4()), SENT)
    assert rows(MESSAGE) == [("pending", False, None)]


@pytest.mark.parametrize(("outcome", "status"), [(SENT, "sent"), (BUSY, "cancelled")])
def test_what_is_in_the_air_as_its_channel_is_switched_off(
    alice, send, rows, channel, outcome, status
):
    path = f"/notification-channels/{channel['id']}"
    assert alice.patch(path, {"is_enabled": False}).status_code == 200
    results.record(send, outcome)
    assert rows(MESSAGE) == [(status, True, outcome.error)]
    rows("UPDATE notifications SET next_try_at = now()")
    assert claim.claim(1) == []


def test_a_channel_counts_its_failures_until_it_takes_a_message(send, rows):
    counted = "SELECT consecutive_failures, last_error FROM notification_channels"
    results.record(send, BUSY)
    assert rows(counted) == [(1, "HTTP 503")]
    rows("UPDATE notifications SET next_try_at = now()")
    (again,) = claim.claim(1)
    results.record(again, SENT)
    assert rows(counted) == [(0, None)]


@pytest.mark.parametrize("outcome", [SENT, BUSY])
def test_a_message_of_a_channel_is_no_edit_of_it(alice, send, channel, outcome):
    """Else whoever edits a channel would be told of a change that nobody has made."""
    results.record(send, outcome)
    found = alice.get(f"/notification-channels/{channel['id']}").json
    assert found["updated_at"] == channel["updated_at"]


MISSED = replace(SENT, error="the mail server refused it for bob@example.com")
NOTES = "SELECT message->>'note' FROM notifications WHERE recipient_key <> %s"


def test_who_can_never_get_it_is_told_to_the_fallback(alice, send, rows, channel):
    fallback = make_channel(alice, name="Fallback")
    path = f"/notification-channels/{channel['id']}"
    alice.patch(path, {"fallback_channel_id": fallback["id"]})
    results.record(send, MISSED)
    text = f"{channel['name']} did not reach everybody"
    assert rows(NOTES, f"channel:{channel['id']}") == [(f"{text}: {MISSED.error}",)]
    shown = alice.get(path).json
    assert (shown["is_healthy"], shown["last_error"]) == (True, MISSED.error)
    (attempt,) = alice.get(f"{path}/deliveries").json
    assert (attempt["status"], attempt["last_error"]) == ("sent", MISSED.error)
    assert timeline_texts(latest_alert(alice), "undelivered") == [
        f"{text} ({MISSED.error}); the message went elsewhere as well"
    ]


def test_without_a_fallback_owners_hear_once_of_who_can_never_get_it(
    alice, context, connection, rows, channel, configure
):
    configure(smtp_url="smtp://127.0.0.1:25")
    for _ in range(2):
        make_pending(alice, connection, channel, next_try_at=utcnow())
        (send,) = [one for one in claim.claim(9) if one.channel_id is not None]
        results.record(send, MISSED)
    found = rows(NOTES, f"channel:{channel['id']}")
    assert found == [(f"{channel['name']} did not reach everybody: {MISSED.error}",)]
