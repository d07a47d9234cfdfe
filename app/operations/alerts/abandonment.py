"""Alerts that somebody has acknowledged who is a member no more: nobody is on them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.members import User
from app.operations.alerts import messages, timeline
from app.operations.escalation import postponed
from app.operations.notifications.withdrawn import channel_ids_of
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction

API_KEY = " (API key)"  # ends the name of whoever acts by one


def ids(tx: Transaction, organization_id: UUID, user_id: UUID) -> Sequence[UUID]:
    """Return the alerts that a member has acknowledged."""
    user = tx.session.get_one(User, user_id)
    return tx.session.scalars(
        select(Alert.id).where(*_are_acknowledged(organization_id, user))
    ).all()


def _are_acknowledged(organization_id: UUID, user: User) -> tuple[ColumnElement[bool], ...]:
    return (
        Alert.organization_id == organization_id,
        Alert.status == AlertStatus.ACKNOWLEDGED,
        Alert.acknowledged_by.in_((user.email, user.email + API_KEY)),
    )


def give_back(tx: Transaction, organization_id: UUID, user_id: UUID) -> None:
    """Let the alerts fire again that a member who leaves has acknowledged, and tell of them again.

    As at the end of a snooze; in maintenance that comes when it is over. Escalation goes on.
    """
    user = tx.session.get_one(User, user_id)
    now = tx.now()
    for alert in tx.session.scalars(
        select(Alert)
        .where(*_are_acknowledged(organization_id, user))
        .order_by(Alert.id)
        .with_for_update(key_share=True)
    ).all():
        alert.status = AlertStatus.FIRING
        alert.acknowledged_at = alert.acknowledged_by = None
        why = f"{user.full_name}, who was on it, is no member any more"
        timeline.note(tx, alert, "unacknowledged", text=why, at=now)
        postponed.resume(tx, alert.id)
        timeline.publish(tx, alert, "alert.fired")
        if alert.suppressed_by is not None:
            continue  # told of once nothing hides it
        if alert.snoozed_until is None and muted_alerts.until(tx, alert) is None:
            messages.enqueue_snooze_end(tx, alert, channel_ids_of(tx, alert), now)
        else:
            alert.snoozed_until = max(now, alert.snoozed_until or now)
