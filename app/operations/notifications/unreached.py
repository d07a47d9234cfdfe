"""Messages that do not get through: others are notified after a minute, and the tries go on.

A receiver that refuses a message for good is done with at once; one that is down may come back at
any time within a day, and nobody should wait that long to hear of an outage.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.domain.delivery import backoff
from app.domain.messages.events import BEGINNINGS
from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.notification_channels import (
    Notification,
    NotificationAttempt,
    NotificationChannel,
)
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.notifications import last_resort
from app.platform.transaction import Transaction, transaction

PASS_ON_AFTER = timedelta(minutes=1)
_BATCH = 100


def pass_on() -> int:
    """Notify others of firing alerts whose messages have failed for a minute; return how many.

    Once for each message: through the channel's fallback, else, while nobody has heard of the
    alert, to the owners by mail.
    """
    with transaction() as tx:
        ids = tx.session.scalars(
            select(Notification.id)
            .join(Alert, Alert.id == Notification.alert_id)
            .outerjoin(NotificationChannel, NotificationChannel.id == Notification.channel_id)
            .where(
                *_is_unreached(tx),
                Notification.id.not_in(quarantine.resting(tx, WorkKind.ESCALATION)),
            )
            .order_by(Notification.created_at)
            .limit(_BATCH)
        ).all()
    return quarantine.each_apart(WorkKind.ESCALATION, ids, _pass_on)


def _is_unreached(tx: Transaction) -> tuple[ColumnElement[bool], ...]:
    now = tx.now()
    first_try_failed = (
        select(NotificationAttempt.id)
        .where(
            NotificationAttempt.notification_id == Notification.id,
            NotificationAttempt.number == 1,
            NotificationAttempt.started_at <= now - PASS_ON_AFTER,
        )
        .exists()
    )
    # It waits for one that tries a channel which has failed again and again.
    is_resting = (NotificationChannel.consecutive_failures >= backoff.FAILURES_TO_OPEN) & (
        Notification.next_try_at <= now - PASS_ON_AFTER
    )
    # It failed while the channel was being switched off; a fallback may be off, and has a note.
    is_off = (
        NotificationChannel.is_enabled.is_(False)
        & (Notification.attempts > 0)
        & Notification.lease_until.is_(None)
        & Notification.message["note"].as_string().is_(None)
    )
    return (
        Notification.status == "pending",
        Notification.passed_on_at.is_(None),
        Notification.kind.in_(BEGINNINGS),
        Alert.status == AlertStatus.FIRING,
        Alert.snoozed_until.is_(None) | (Alert.snoozed_until <= now),
        first_try_failed | is_resting | is_off,
    )


def _pass_on(ids: Sequence[UUID]) -> None:
    with transaction() as tx:
        # Alerts come first: two sweeps at messages of the same alerts add the same ones for others,
        # and would wait in a circle for what the other has added. One in other hands waits.
        about = select(Notification.alert_id).where(Notification.id.in_(ids))
        alerts = tx.session.scalars(
            select(Alert.id)
            .where(Alert.id.in_(about))
            .order_by(Alert.id)
            .with_for_update(key_share=True, skip_locked=True)
        ).all()
        for row in tx.session.scalars(
            select(Notification)
            .join(Alert, Alert.id == Notification.alert_id)
            .outerjoin(NotificationChannel, NotificationChannel.id == Notification.channel_id)
            .where(*_is_unreached(tx), Notification.id.in_(ids), Notification.alert_id.in_(alerts))
            .order_by(Notification.created_at, Notification.id)
            .with_for_update(key_share=True, of=Notification, skip_locked=True)
        ).all():
            row.passed_on_at = tx.now()
            last_resort.enqueue_elsewhere(tx, row, row.last_error, is_given_up=False)
