"""Reminders of alerts that nobody has acknowledged."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.domain.rules.transitions import AlertStatus, next_reminder_at
from app.models.alert_rules import AlertRule
from app.models.alerts import Alert
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.notifications import enqueue
from app.operations.snapshots import muted_alerts
from app.platform.transaction import transaction

_BATCH = 100


def remind_due() -> int:
    """Enqueue the reminders that are due; return how many alerts were reminded of.

    In maintenance nobody is reminded; reminders that fall into it become one at its end.
    """
    with transaction() as tx:
        due = tx.session.scalars(
            select(Alert.id)
            .join(AlertRule, AlertRule.id == Alert.alert_rule_id)
            .where(*_is_due(tx.now()), Alert.id.not_in(quarantine.resting(tx, WorkKind.REMINDER)))
        ).all()
        ids = muted_alerts.unmuted(tx, due)[:_BATCH] if due else []
    return quarantine.each_apart(WorkKind.REMINDER, ids, _remind)


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Alert.status == AlertStatus.FIRING,
        Alert.next_reminder_at <= now,
        Alert.suppressed_by.is_(None),
    )


def _remind(ids: Sequence[UUID]) -> None:
    """Enqueue the reminders of some alerts, as far as they are still due, in one transaction."""
    with transaction() as tx:
        now = tx.now()
        rows = tx.session.execute(
            select(Alert, AlertRule)
            .join(AlertRule, AlertRule.id == Alert.alert_rule_id)
            .where(*_is_due(now), Alert.id.in_(ids))
            .with_for_update(key_share=True, of=Alert, skip_locked=True)
        ).all()
        for alert, rule in rows:
            following = next_reminder_at(
                AlertStatus.FIRING,
                alert.fired_at,
                now,
                rule.reminder_interval_minutes,
                alert.snoozed_until,
            )
            if alert.snoozed_until is None or alert.snoozed_until <= now:
                recipients = enqueue.channels_for(
                    tx,
                    alert.organization_id,
                    "alert.reminder",
                    alert.severity,
                    now,
                    rule.notification_channel_ids,
                )
                event = "alert.reminder"
                recipients = enqueue.without_deferred(tx, alert, event, recipients, now)
                step = int((now - alert.fired_at).total_seconds() // 60)
                enqueue.alert_event(tx, alert, event, recipients, now, step=step)
            alert.next_reminder_at = following
