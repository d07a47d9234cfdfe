"""Escalation levels that act at another time than planned: by snoozes, raised severities, and
acknowledgements of people who left."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from app.models.alerts import Alert, AlertEvent
from app.models.escalation_policies import EscalationLevel
from app.operations.escalation import levels
from app.platform.transaction import Transaction


def postpone(tx: Transaction, alert: Alert, until: datetime, now: datetime) -> None:
    """Let the levels of an alert that is snoozed anew wait until its end, and as long as before.

    What a snooze that is not over has added already counts: they keep their distances from the end.
    """
    since = max(now, alert.snoozed_until or now)
    for row in levels.pending_of(tx, alert.id):
        row.due_at = max(row.due_at, since) + (until - since)


def bring_forward(tx: Transaction, alert: Alert, now: datetime) -> None:
    """Let the levels of an alert whose snooze is ended early wait no longer for its end."""
    if alert.snoozed_until is not None and alert.snoozed_until > now:
        left = alert.snoozed_until - now
        for row in levels.pending_of(tx, alert.id):
            row.due_at = max(row.due_at - left, now)
        tx.after_commit(levels.wake)


def resume(tx: Transaction, alert_id: UUID) -> None:
    """Let the levels go on that an acknowledgement cancelled; what is overdue acts at once."""
    tx.session.execute(
        update(EscalationLevel)
        .where(EscalationLevel.alert_id == alert_id, EscalationLevel.status == "cancelled")
        .values(status="pending", done_at=None)
    )
    tx.after_commit(levels.wake)


def revive(tx: Transaction, alert: Alert, now: datetime) -> None:
    """Let levels that reached nobody at a lower severity act now, if they reach somebody at this.

    They keep their distances from one another.
    """
    skipped = tx.session.scalars(
        select(EscalationLevel)
        .where(EscalationLevel.alert_id == alert.id, EscalationLevel.status == "skipped")
        .order_by(EscalationLevel.position)
    ).all()
    event_of = levels.events_of(tx, alert)
    rows: dict[tuple[int, int], list[EscalationLevel]] = defaultdict(list)
    for row in skipped:
        rows[row.round, row.level].append(row)
    first: datetime | None = None
    for (number, level), lines in rows.items():
        planned = [levels.planned_of(row) for row in lines]
        if not any(levels.recipients_of(tx, alert, one, event_of(one), now) for one in planned):
            continue
        first = first or lines[0].due_at
        for row in lines:
            row.status, row.done_at, row.due_at = "pending", None, now + (row.due_at - first)
        text = f"level {level}{levels.round_of(number)} acts after all: the severity was raised"
        tx.session.add(AlertEvent(alert_id=alert.id, at=now, kind="escalation_revived", text=text))
    if first is not None:
        tx.after_commit(levels.wake)
