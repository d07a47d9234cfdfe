"""Results of tries to send: done, another try later, or somebody else is notified."""

import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm.attributes import flag_modified

from app.domain.delivery import backoff
from app.models.notification_channels import (
    Notification,
    NotificationAttempt,
    NotificationChannel,
)
from app.operations.metrics import counting
from app.operations.notifications import last_resort, subscriber_results, system_mail
from app.operations.notifications.claim import TEST, DeliveryOutcome, Send
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import Transaction, transaction

log = logging.getLogger(__name__)

# A mail to one person, with a link in it, is nobody else's.
_OF_NOBODY_ELSE = (TEST, system_mail.KIND, *subscriber_results.KINDS)


def record(send: Send, outcome: DeliveryOutcome) -> None:
    """Store how a try went and what follows: done, another try, or somebody else is notified.

    A sender whose lease was lost meanwhile changes nothing: another has taken the message over.
    """
    with transaction() as tx:
        # Whom it was for comes before the message: so do those lock who edit or delete a recipient.
        channel = _channel(tx, send)
        subscriber = subscriber_results.locked(tx, send)
        row = tx.session.get(Notification, send.id, with_for_update={"key_share": True})
        if row is None:
            return  # the alert or the channel is gone
        _write_attempt(tx, send, outcome)
        if row.lease_token != send.lease_token or row.status not in ("pending", "cancelled"):
            return
        row.lease_token = row.lease_until = None
        row.last_error, row.last_status_code = outcome.error, outcome.status_code
        now = tx.now()
        if outcome.ok:
            row.status, row.sent_at = "sent", now
            if outcome.error and send.kind not in _OF_NOBODY_ELSE:
                is_new = channel is not None and channel.last_error != outcome.error
                last_resort.enqueue_for_missed(tx, row, outcome.error, is_new=is_new)
        elif row.status == "pending":  # else its recipient went away while it was in the air
            _again_or_dead(tx, row, send, outcome, now)
        if channel is not None:
            _update_circuit(channel, outcome, now)
        if subscriber is not None:
            subscriber_results.apply(tx, subscriber, send, outcome)
        _publish(tx, row, send)
        tx.after_commit(counting.count_delivery, send.channel_type, row.status)


def extend_lease(send: Send, seconds: float) -> None:
    """Give a message that is sent alone more time."""
    with transaction() as tx:
        tx.driver.execute(
            "UPDATE notifications SET lease_until = now() + %s * interval '1 second'"
            " WHERE id = %s AND lease_token = %s",
            (seconds, send.id, send.lease_token),
        )


def give_back(leases: Sequence[Sequence[Any]]) -> None:
    """End the leases of a sender that was killed: message id and lease token of each."""
    with transaction() as tx:
        ended = tx.driver.execute(
            "UPDATE notifications n SET lease_until = now()"
            " FROM unnest(%s::uuid[], %s::bigint[]) AS l (id, token)"
            " WHERE n.id = l.id AND n.lease_token = l.token AND n.lease_until > now()",
            [list(column) for column in zip(*leases, strict=True)],
        )
    if ended.rowcount:  # of most it was recorded since how they went
        log.warning("messages of a killed process are sent again", extra={"count": ended.rowcount})


def _write_attempt(tx: Transaction, send: Send, outcome: DeliveryOutcome) -> None:
    tx.session.execute(
        update(NotificationAttempt)
        .where(
            NotificationAttempt.notification_id == send.id,
            NotificationAttempt.number == send.attempt,
        )
        .values(
            finished_at=func.now(),
            status_code=outcome.status_code,
            error=outcome.error,
            answer=outcome.answer,
            duration_ms=outcome.duration_ms,
        )
    )


def _again_or_dead(
    tx: Transaction, row: Notification, send: Send, outcome: DeliveryOutcome, now: datetime
) -> None:
    elapsed = (now - row.created_at).total_seconds()
    wait = backoff.delay(
        send.attempt,
        random.random(),  # noqa: S311  jitter, not a secret
        outcome.retry_after_seconds,
        elapsed,
    )
    if outcome.permanent or send.kind == TEST or wait is None:
        row.status = "dead"
        if send.kind not in _OF_NOBODY_ELSE:
            last_resort.enqueue_elsewhere(tx, row, outcome.error, is_given_up=True)
    else:
        row.next_try_at = now + timedelta(seconds=wait)


def _channel(tx: Transaction, send: Send) -> NotificationChannel | None:
    """Return the channel of a message, locked; None for a person, or where it is gone."""
    if send.channel_id is None:
        return None
    return tx.session.get(NotificationChannel, send.channel_id, with_for_update={"key_share": True})


def _update_circuit(channel: NotificationChannel, outcome: DeliveryOutcome, now: datetime) -> None:
    circuit = backoff.Circuit(channel.consecutive_failures, channel.paused_until)
    circuit = backoff.after_send(circuit, now, delivered=outcome.ok)
    flag_modified(channel, "updated_at")  # written as it is: nobody has edited the channel
    channel.consecutive_failures = circuit.consecutive_failures
    channel.paused_until = circuit.retry_at
    channel.last_error = outcome.error
    if outcome.ok:
        channel.last_success_at = now


def _publish(tx: Transaction, row: Notification, send: Send) -> None:
    if row.status in ("pending", "cancelled"):
        return
    data = {
        "notification_id": row.id,
        "alert_id": row.alert_id,
        "channel_id": row.channel_id,
        "kind": row.kind,
        "error": row.last_error,
    }
    kind = "notification.sent" if row.status == "sent" else "notification.failed"
    event = Event(send.organization_id, kind, data)
    tx.after_commit(lambda: runtime().feed.publish([event]))
