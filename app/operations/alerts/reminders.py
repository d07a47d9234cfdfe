"""Remind people of alerts that nobody has acknowledged."""

from sqlalchemy import select

from app.domain.rules.transitions import AlertStatus, next_reminder_at
from app.models.alert_rules import AlertRule
from app.models.alerts import Alert
from app.operations.maintenance import muting
from app.operations.notifications import enqueue
from app.platform.transaction import transaction

_BATCH = 100


def remind_due() -> int:
    """Plan the reminders that are due; return how many alerts were reminded of.

    In maintenance nobody is reminded; what falls into it is folded into one at its end.
    """
    with transaction() as tx:
        now = tx.now()
        is_due = (
            Alert.status == AlertStatus.FIRING,
            Alert.next_reminder_at <= now,
            Alert.suppressed_by.is_(None),
        )
        due = tx.session.scalars(select(Alert.id).where(*is_due)).all()
        if not due:
            return 0
        rows = tx.session.execute(
            select(Alert, AlertRule)
            .join(AlertRule, AlertRule.id == Alert.alert_rule_id)
            .where(*is_due, Alert.id.in_(muting.audible(tx, due)))
            .with_for_update(key_share=True, of=Alert, skip_locked=True)
            .limit(_BATCH)
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
                step = int((now - alert.fired_at).total_seconds() // 60)
                enqueue.plan(tx, alert, "alert.reminder", recipients, now, step=step)
            alert.next_reminder_at = following
    return len(rows)
