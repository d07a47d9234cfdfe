"""Ends of snoozes: an alert that still fires is notified again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.operations.alerts import messages, timeline
from app.operations.escalation import postponed
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.notifications.withdrawn import channel_ids_of
from app.operations.snapshots import muted_alerts
from app.platform.errors import Conflict, NotFound
from app.platform.transaction import transaction

_BATCH = 100


def end_due() -> int:
    """End the snoozes whose time has come; return for how many alerts.

    One that falls into maintenance ends with it.
    """
    with transaction() as tx:
        over = tx.session.scalars(
            select(Alert.id).where(
                *_is_over(tx.now()), Alert.id.not_in(quarantine.resting(tx, WorkKind.REMINDER))
            )
        ).all()
        ids = muted_alerts.unmuted(tx, over)[:_BATCH] if over else []
    return quarantine.each_apart(WorkKind.REMINDER, ids, _end)


def end(organization_id: UUID, alert_id: UUID, *, actor: str) -> None:
    """End a snooze before its time: an alert that still fires is notified again, its levels go on.

    Without a snooze nothing changes. Raises NotFound; Conflict for a resolved alert.
    """
    with transaction() as tx:
        alert = tx.session.scalar(
            select(Alert)
            .where(Alert.id == alert_id, Alert.organization_id == organization_id)
            .with_for_update(key_share=True)
        )
        if alert is None:
            raise NotFound
        if alert.status == AlertStatus.RESOLVED:
            raise Conflict("this alert is resolved")
        now = tx.now()
        if alert.snoozed_until is None or alert.snoozed_until <= now:
            return
        postponed.bring_forward(tx, alert, now)
        # Hidden or in maintenance it is told of later: `end_due` sees a snooze that is over.
        alert.snoozed_until = now
        timeline.note(tx, alert, "snooze_ended", actor=actor, at=now)
        if alert.suppressed_by is None and muted_alerts.until(tx, alert) is None:
            alert.snoozed_until = None
            messages.enqueue_snooze_end(tx, alert, channel_ids_of(tx, alert), now)


def _is_over(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Alert.status != AlertStatus.RESOLVED,
        Alert.snoozed_until <= now,
        Alert.suppressed_by.is_(None),
    )


def _end(ids: Sequence[UUID]) -> None:
    with transaction() as tx:
        now = tx.now()
        for alert in tx.session.scalars(
            select(Alert)
            .where(*_is_over(now), Alert.id.in_(ids))
            .order_by(Alert.id)
            .with_for_update(key_share=True, skip_locked=True)
        ).all():
            alert.snoozed_until = None
            timeline.note(tx, alert, "snooze_ended", text="it still fires", at=now)
            messages.enqueue_snooze_end(tx, alert, channel_ids_of(tx, alert), now)
