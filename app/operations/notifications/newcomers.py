"""Newcomers: who would be notified of an open alert if it fired now, and has not been."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.notification_channels import Notification, NotificationChannel
from app.operations.notifications import enqueue
from app.operations.notifications.withdrawn import channel_ids_of
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction

# Edits of these, of a channel, decide which alerts it hears of.
LISTENING = frozenset({"is_enabled", "min_severity", "events"})


def enqueue_newcomers(
    tx: Transaction,
    alert: Alert,
    channel_ids: Sequence[UUID],
    now: datetime,
    *,
    hold_until: datetime | None = None,
) -> None:
    """Notify whoever would be notified of an open alert if it fired now, and has not been.

    Of one that is snoozed, the end of its snooze does. What quiet hours hold back goes out where
    they let the alert's severity pass now.
    """
    rows = {row.recipient_key: row for row in enqueue.active(tx, alert.id)}
    newcomers = []
    for recipient in enqueue.channels_for(
        tx, alert.organization_id, "alert.fired", alert.severity, now, channel_ids
    ):
        row = rows.get(recipient.key)
        if row is None:
            newcomers.append(recipient)
        elif enqueue.is_untouched(tx, row) and row.attempts == 0:
            until = max(t for t in (now, hold_until, recipient.not_before) if t is not None)
            row.next_try_at = min(row.next_try_at, until)
    _enqueue(tx, alert, newcomers, now, hold_until)


def follow_channel(tx: Transaction, channel: NotificationChannel) -> None:
    """Notify a channel that takes more events now of firing alerts it was not notified of."""
    now = tx.now()
    heard = select(Notification.alert_id).where(
        Notification.channel_id == channel.id, Notification.status != "cancelled"
    )
    for alert in tx.session.scalars(
        select(Alert)
        .where(
            Alert.organization_id == channel.organization_id,
            Alert.status == AlertStatus.FIRING,
            Alert.suppressed_by.is_(None),
            Alert.id.not_in(heard.where(Notification.alert_id.is_not(None))),
        )
        .order_by(Alert.id)
        .with_for_update(key_share=True)
    ).all():
        named = channel_ids_of(tx, alert)
        if named and channel.id not in named:
            continue
        recipients = enqueue.channels_for(
            tx, alert.organization_id, "alert.fired", alert.severity, now, (channel.id,)
        )
        _enqueue(tx, alert, recipients, now, muted_alerts.until(tx, alert))


def _enqueue(
    tx: Transaction,
    alert: Alert,
    recipients: Sequence[enqueue.Recipient],
    now: datetime,
    hold_until: datetime | None,
) -> None:
    if alert.snoozed_until is not None and alert.snoozed_until > now:
        return
    # A step of its own: an earlier message to them may have been withdrawn.
    step = enqueue.step_at(now)
    if enqueue.alert_event(
        tx, alert, "alert.fired", recipients, now, step=step, hold_until=hold_until
    ):
        alert.untold_reason = None
