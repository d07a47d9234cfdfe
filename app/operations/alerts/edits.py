"""Edits of rules and heartbeats, carried over to the alerts that are open already."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.domain.rules.transitions import AlertStatus, next_reminder_at
from app.models.alert_rules import AlertRule
from app.models.alerts import Alert
from app.models.heartbeats import Heartbeat
from app.operations.alerts import messages
from app.operations.escalation import postponed
from app.operations.notifications import newcomers
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction

# Edits of these say who would hear of an alert now.
AUDIENCE = frozenset({"severity", "notification_channel_ids"})


def follow_rule(tx: Transaction, rule: AlertRule) -> None:
    """Give the open alerts of a rule its severity, and notify who would be notified of them now."""
    _follow(tx, Alert.alert_rule_id == rule.id, rule.severity, rule.notification_channel_ids)


def follow_reminders(tx: Transaction, rule: AlertRule) -> None:
    """Give the firing alerts of a rule the reminders that it asks for now."""
    now = tx.now()
    for alert in tx.session.scalars(
        select(Alert)
        .where(
            Alert.alert_rule_id == rule.id,
            Alert.status == AlertStatus.FIRING,
            Alert.suppressed_by.is_(None),
        )
        .order_by(Alert.id)
        .with_for_update(key_share=True)
    ):
        alert.next_reminder_at = next_reminder_at(
            AlertStatus.FIRING,
            alert.fired_at,
            now,
            rule.reminder_interval_minutes,
            alert.snoozed_until,
        )


def follow_heartbeat(tx: Transaction, heartbeat: Heartbeat) -> None:
    """Give the open alert of a heartbeat its severity, and notify who would be notified now."""
    ids = heartbeat.notification_channel_ids
    _follow(tx, Alert.heartbeat_id == heartbeat.id, heartbeat.severity, ids)


def _follow(
    tx: Transaction, which: ColumnElement[bool], severity: str, channel_ids: Sequence[UUID]
) -> None:
    now = tx.now()
    for alert in tx.session.scalars(
        select(Alert)
        .where(which, Alert.status != AlertStatus.RESOLVED)
        .order_by(Alert.id)
        .with_for_update(key_share=True)
    ).all():
        hold_until = muted_alerts.until(tx, alert)
        if alert.severity != severity:
            messages.enqueue_severity(tx, alert, severity, channel_ids, now, hold_until=hold_until)
            if alert.status == AlertStatus.FIRING:
                postponed.revive(tx, alert, now)
        elif alert.status == AlertStatus.FIRING and alert.suppressed_by is None:
            newcomers.enqueue_newcomers(tx, alert, channel_ids, now, hold_until=hold_until)
