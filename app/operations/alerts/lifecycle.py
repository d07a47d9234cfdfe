"""Life of an alert: opened, acknowledged, snoozed, resolved; each a line of its timeline."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.rules import transitions as decisions
from app.domain.rules.transitions import AlertStatus, IllegalChange
from app.models.alert_rules import RuleState
from app.models.alerts import Alert
from app.operations.alerts import messages, timeline
from app.operations.escalation import levels as escalation_levels
from app.operations.escalation import postponed
from app.operations.notifications.payloads import columns
from app.platform.errors import Conflict, NotFound
from app.platform.transaction import Transaction, transaction

# A service that depends on others waits this long for them to show that they are the cause.
ROOT_CAUSE_PATIENCE = timedelta(seconds=5)


def open_alert(
    tx: Transaction,
    alert: Alert,
    *,
    channel_ids: tuple[UUID, ...] = (),
    policy_id: UUID | None = None,
    reminder_minutes: int | None = None,
    hold_until: datetime | None = None,
) -> Alert | None:
    """Store a new alert and enqueue its messages; return None when one is unresolved already.

    Another region's worker may open the same alert at the same moment: the partial unique index
    lets one of the two through. Nobody is notified of a suppressed alert (`suppressed_by`).
    """
    values = {name: value for name, value in columns(alert).items() if value is not None}
    stored = tx.session.scalars(
        insert(Alert).values(values).on_conflict_do_nothing().returning(Alert)
    ).one_or_none()
    if stored is None:
        return None
    timeline.note(tx, stored, "fired", text=stored.message, at=stored.fired_at)
    if stored.suppressed_by is not None:
        root = tx.session.get_one(Alert, stored.suppressed_by)
        timeline.note(tx, stored, "suppressed", text=f"{root.service_name} is down")
        timeline.publish(tx, stored, "alert.suppressed")
        return stored
    messages.enqueue_fired(
        tx, stored, channel_ids, policy_id, reminder_minutes, stored.fired_at, hold_until
    )
    timeline.publish(tx, stored, "alert.fired")
    return stored


def resolve_alert(
    tx: Transaction,
    alert: Alert,
    now: datetime,
    *,
    actor: str | None = None,
    text: str = "",
    closed_because: str | None = None,
    hold_until: datetime | None = None,
) -> None:
    """Resolve an alert and notify everybody who was notified of it, once and in order.

    A recipient whose firing message is still unsent gets one combined message instead.
    `closed_because` says why an alert ends although its service has not recovered.
    """
    alert.status = AlertStatus.RESOLVED
    alert.resolved_at, alert.resolved_by, alert.next_reminder_at = now, actor, None
    escalation_levels.cancel(tx, alert.id)
    if alert.alert_rule_id is not None and alert.service_id is not None:
        _remember_resolve(tx, alert, now)
    messages.enqueue_resolved(
        tx, alert, now, actor=actor, closed_because=closed_because, hold_until=hold_until
    )
    timeline.note(tx, alert, "resolved", actor=actor, text=closed_because or text, at=now)
    timeline.publish(tx, alert, "alert.resolved")


def _remember_resolve(tx: Transaction, alert: Alert, now: datetime) -> None:
    # By hand, and before the condition was false: it has to be false once before the next alert.
    remembered = {
        "resolved_at": now,
        "is_latched": alert.resolved_by is not None and alert.condition_holds,
    }
    statement = insert(RuleState).values(
        alert_rule_id=alert.alert_rule_id, service_id=alert.service_id, **remembered
    )
    tx.session.execute(
        statement.on_conflict_do_update(
            index_elements=["alert_rule_id", "service_id"], set_=remembered
        )
    )


def acknowledge(
    organization_id: UUID, alert_id: UUID, *, actor: str, note: str | None = None
) -> None:
    """Acknowledge an alert: escalation and reminders stop. Doing so twice changes nothing.

    Raises NotFound; Conflict for a resolved alert.
    """
    with transaction() as tx:
        alert = _locked(tx, organization_id, alert_id)
        _checked(lambda: decisions.acknowledge(AlertStatus(alert.status)))
        if alert.status == AlertStatus.ACKNOWLEDGED:
            return
        now = tx.now()
        alert.status = AlertStatus.ACKNOWLEDGED
        alert.acknowledged_at, alert.acknowledged_by, alert.next_reminder_at = now, actor, None
        timeline.note(tx, alert, "acknowledged", actor=actor, text=note or "", at=now)
        escalation_levels.cancel(tx, alert.id)
        messages.enqueue_acknowledged(tx, alert, now, actor=actor, note=note)
        timeline.publish(tx, alert, "alert.acknowledged")


def resolve(organization_id: UUID, alert_id: UUID, *, actor: str, note: str | None = None) -> None:
    """Resolve an alert by hand; it fires anew only after its condition has been false once.

    Raises NotFound. Resolving twice changes nothing.
    """
    with transaction() as tx:
        alert = _locked(tx, organization_id, alert_id)
        if alert.status != AlertStatus.RESOLVED:
            resolve_alert(tx, alert, tx.now(), actor=actor, text=note or "")


def snooze(organization_id: UUID, alert_id: UUID, *, actor: str, minutes: int) -> None:
    """Snooze an alert for some minutes; the levels of its escalation are postponed by as much.

    Raises NotFound; Conflict for a resolved alert.
    """
    with transaction() as tx:
        alert = _locked(tx, organization_id, alert_id)
        now = tx.now()
        until = _checked(lambda: decisions.snooze(AlertStatus(alert.status), minutes, now))
        messages.withdraw_not_due(tx, alert, now)
        postponed.postpone(tx, alert, until, now)
        alert.snoozed_until = until
        timeline.note(tx, alert, "snoozed", actor=actor, text=f"for {minutes} minutes", at=now)


def comment(organization_id: UUID, alert_id: UUID, *, actor: str, text: str) -> None:
    """Add a comment to an alert's timeline. Raises NotFound."""
    with transaction() as tx:
        timeline.note(tx, _locked(tx, organization_id, alert_id), "comment", actor=actor, text=text)


def _locked(tx: Transaction, organization_id: UUID, alert_id: UUID) -> Alert:
    alert = tx.session.scalar(
        select(Alert)
        .where(Alert.id == alert_id, Alert.organization_id == organization_id)
        .with_for_update(key_share=True)
    )
    if alert is None:
        raise NotFound
    return alert


def _checked(decision: Any) -> Any:
    try:
        return decision()
    except IllegalChange as error:
        raise Conflict(str(error)) from None
