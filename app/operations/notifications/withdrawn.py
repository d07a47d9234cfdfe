"""Withdrawal of messages whose recipient is gone, and who is notified instead."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import exists, select, update

from app.domain.messages.events import BEGINNINGS
from app.domain.rules.transitions import AlertStatus
from app.models.alert_rules import AlertRule
from app.models.alerts import Alert, AlertEvent
from app.models.escalation_policies import EscalationLevel
from app.models.heartbeats import Heartbeat
from app.models.notification_channels import Notification, NotificationChannel
from app.operations.notifications import enqueue, last_resort
from app.operations.notifications.claim import TEST
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction

_ON_ITS_WAY = ("pending", "sent", "digested")


def of_disabled(tx: Transaction, channel: NotificationChannel, name: str) -> None:
    """Withdraw what waits for a channel that was switched off; `name` is what it was called.

    Not the end of what was told here before.
    """
    alerts = lock_alerts(tx, subjects(tx, channel.id))
    told = select(Notification.subject_key).where(
        Notification.channel_id == channel.id, Notification.status == "sent"
    )
    waiting = tx.session.scalars(
        select(Notification)
        .where(
            Notification.channel_id == channel.id,
            Notification.status == "pending",
            Notification.kind != TEST,
            (Notification.kind != "alert.resolved") | Notification.subject_key.not_in(told),
        )
        .order_by(Notification.created_at, Notification.id)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    withdraw(tx, waiting, f"{name} was switched off before it was told")
    enqueue_instead(tx, alerts)


def of_deleted(tx: Transaction, channel: NotificationChannel) -> None:
    """Withdraw messages that wait for a channel before it is deleted.

    Those sent stay on record, under the name that it had.
    """
    alerts = lock_alerts(tx, subjects(tx, channel.id))
    waiting = tx.session.scalars(
        select(Notification)
        .where(Notification.channel_id == channel.id, Notification.status == "pending")
        .order_by(Notification.created_at, Notification.id)
        .with_for_update(key_share=True)
    ).all()
    withdraw(tx, waiting, f"{channel.name} was deleted before it was told")
    channel.is_enabled = False  # it takes no part in what follows
    enqueue_instead(tx, alerts)
    tx.session.execute(
        update(Notification)
        .where(Notification.channel_id == channel.id)
        .values(channel_id=None, contact={"type": channel.type, "channel_name": channel.name})
        .execution_options(synchronize_session=False)
    )


def lock_subjects(tx: Transaction, channel_id: UUID) -> set[UUID]:
    """Lock the alerts that a channel was or is to be told of, then its messages; return the alerts.

    In the order of those who enqueue messages. What was sent about alerts that are over is left
    out: nobody enqueues anything by it.
    """
    result = subjects_ever(tx, channel_id)
    lock_alerts(tx, result)
    tx.session.execute(
        select(Notification.id)
        .where(
            Notification.channel_id == channel_id,
            (Notification.status == "pending") | Notification.alert_id.in_(result),
        )
        .order_by(Notification.created_at, Notification.id)
        .with_for_update(key_share=True)
    )
    return result


def subjects_ever(tx: Transaction, channel_id: UUID) -> set[UUID]:
    """Return the open alerts that a channel was told of, and those that it is to be told of."""
    open_alerts = tx.session.scalars(
        select(Notification.alert_id)
        .join(Alert, Alert.id == Notification.alert_id)
        .where(Notification.channel_id == channel_id, Alert.status != AlertStatus.RESOLVED)
    )
    return subjects(tx, channel_id) | {id for id in open_alerts if id is not None}


def subjects(tx: Transaction, channel_id: UUID) -> set[UUID]:
    """Return the alerts that messages waiting for a channel tell of, each or in a digest."""
    rows = tx.session.execute(
        select(Notification.alert_id, Notification.message).where(
            Notification.channel_id == channel_id, Notification.status == "pending"
        )
    )
    result = set()
    for alert_id, message in rows:
        told = {UUID(str(alert["id"])) for alert in message.get("alerts") or ()}
        result |= told | ({alert_id} if alert_id else set())
    return result


def lock_alerts(tx: Transaction, ids: Collection[UUID]) -> Sequence[Alert]:
    """Return alerts locked in their order: before any of their messages is."""
    if not ids:
        return []
    return tx.session.scalars(
        select(Alert).where(Alert.id.in_(ids)).order_by(Alert.id).with_for_update(key_share=True)
    ).all()


def withdraw(tx: Transaction, rows: Sequence[Notification], why: str) -> None:
    """Withdraw locked messages; the timelines of their alerts say why.

    One that is in the air counts as sent if it arrives, and is not tried again if it does not.
    """
    now = tx.now()
    for row in rows:
        row.status = "cancelled"
        ids: Sequence[UUID] = [row.alert_id] if row.alert_id else []
        if enqueue.is_digest(row):
            ids = _unfold(tx, row)
        for alert_id in ids:
            event = AlertEvent(alert_id=alert_id, at=now, kind="undelivered", text=why)
            tx.session.add(event)
    tx.session.flush()


def _unfold(tx: Transaction, digest: Notification) -> Sequence[UUID]:
    """Withdraw what a digest stands for; return the alerts it was to tell of."""
    named = [UUID(str(alert["id"])) for alert in digest.message.get("alerts") or ()]
    tx.session.execute(
        update(Notification)
        .where(
            Notification.alert_id.in_(named),
            Notification.recipient_key == digest.recipient_key,
            Notification.kind == digest.kind,
            Notification.status == "digested",
        )
        .values(status="cancelled")
        .execution_options(synchronize_session=False)
    )
    return tx.session.scalars(select(Alert.id).where(Alert.id.in_(named))).all()


def enqueue_instead(tx: Transaction, alerts: Sequence[Alert], why: str | None = None) -> None:
    """Notify fallbacks or owners of locked alerts nobody was or will be notified of; `why`."""
    now = tx.now()
    for alert in alerts:
        if alert.status != AlertStatus.FIRING or alert.suppressed_by is not None:
            continue
        if _is_notified(tx, alert):
            continue
        last_resort.enqueue_for_owners(
            tx,
            alert,
            "alert.fired",
            now,
            channel_ids=channel_ids_of(tx, alert),
            why=why,
            step=enqueue.step_at(now),
            hold_until=muted_alerts.until(tx, alert),
        )


def _is_notified(tx: Transaction, alert: Alert) -> bool:
    """Say whether somebody was notified of an alert, is about to be, or will be by a level."""
    message = exists().where(
        Notification.alert_id == alert.id,
        Notification.kind.in_(BEGINNINGS),
        Notification.status.in_(_ON_ITS_WAY),
    )
    level = exists().where(
        EscalationLevel.alert_id == alert.id, EscalationLevel.status == "pending"
    )
    return bool(tx.session.scalar(select(message | level)))


def channel_ids_of(tx: Transaction, alert: Alert) -> Sequence[UUID]:
    """Return the channels that an alert's rule or heartbeat names; none: all of them."""
    if alert.alert_rule_id is not None:
        return tx.session.get_one(AlertRule, alert.alert_rule_id).notification_channel_ids
    if alert.heartbeat_id is not None:
        return tx.session.get_one(Heartbeat, alert.heartbeat_id).notification_channel_ids
    return ()
