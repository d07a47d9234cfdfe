"""Open, resolve, acknowledge and silence alerts: where an alert is fired."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.rules import transitions as decisions
from app.domain.rules.transitions import AlertStatus, IllegalChange
from app.models.alert_rules import RuleState
from app.models.alerts import Alert, AlertEvent
from app.models.notification_channels import Notification
from app.operations.escalation import levels as escalation_levels
from app.operations.notifications import enqueue
from app.operations.notifications.payloads import columns
from app.platform.bootstrap import runtime
from app.platform.errors import Conflict, NotFound
from app.platform.events import Event
from app.platform.transaction import Transaction, transaction

# A service that depends on others waits this long for them to show that they are the cause.
ROOT_CAUSE_PATIENCE = timedelta(seconds=5)
_FIRING_KINDS = ("alert.fired", "alert.escalated", "alert.reminder")


def open_alert(
    tx: Transaction,
    alert: Alert,
    *,
    channel_ids: tuple[UUID, ...] = (),
    policy_id: UUID | None = None,
    reminder_minutes: int | None = None,
    hold_until: datetime | None = None,
) -> Alert | None:
    """Store a new alert and plan who hears of it; None when one is unresolved already.

    Another region's worker may open the same alert at the same moment: the partial unique index
    lets one of the two through. A suppressed alert (`suppressed_by`) is told to nobody.
    """
    values = {name: value for name, value in columns(alert).items() if value is not None}
    row = tx.session.execute(
        insert(Alert).values(values).on_conflict_do_nothing().returning(Alert.id)
    ).one_or_none()
    if row is None:
        return None
    stored = tx.session.get_one(Alert, row.id)
    note(tx, stored, "fired", text=stored.message, at=stored.fired_at)
    if stored.suppressed_by is not None:
        root = tx.session.get_one(Alert, stored.suppressed_by)
        note(tx, stored, "suppressed", text=f"{root.service_name} is down")
        publish(tx, stored, "alert.suppressed")
        return stored
    tell(tx, stored, channel_ids, policy_id, reminder_minutes, stored.fired_at, hold_until)
    publish(tx, stored, "alert.fired")
    return stored


def tell(
    tx: Transaction,
    alert: Alert,
    channel_ids: tuple[UUID, ...],
    policy_id: UUID | None,
    reminder_minutes: int | None,
    now: datetime,
    hold_until: datetime | None = None,
) -> None:
    """Plan the first messages, the escalation and the reminder of a firing alert."""
    recipients = enqueue.channels_for(
        tx, alert.organization_id, "alert.fired", alert.severity, now, channel_ids
    )
    enqueue.plan(tx, alert, "alert.fired", recipients, now, hold_until=hold_until)
    escalation_levels.start(tx, alert, policy_id, hold_until or now)
    alert.next_reminder_at = decisions.next_reminder_at(
        AlertStatus.FIRING, alert.fired_at, now, reminder_minutes
    )


def tell_flapping(
    tx: Transaction, alert: Alert, now: datetime, hold_until: datetime | None = None
) -> None:
    """Tell those who heard of an alert that its service flaps: once, instead of a storm."""
    heard = {row.recipient_key for row in enqueue.told(tx, alert.id)}
    recipients = [
        recipient
        for recipient in enqueue.channels_for(
            tx, alert.organization_id, "alert.fired", alert.severity, now
        )
        if recipient.key in heard
    ]
    # One step for each episode: a service may calm down and flap again under the same alert.
    step = int(now.timestamp())
    enqueue.plan(tx, alert, "alert.fired", recipients, now, step=step, hold_until=hold_until)


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
    """Resolve an alert and tell everybody who heard of it, once and in order.

    Whoever has a firing message that is still unsent gets one combined message instead.
    `closed_because` says why an alert ends whose matter has not recovered.
    """
    alert.status = AlertStatus.RESOLVED
    alert.resolved_at, alert.resolved_by, alert.next_reminder_at = now, actor, None
    note(tx, alert, "resolved", actor=actor, text=closed_because or text, at=now)
    escalation_levels.cancel(tx, alert.id)
    if alert.alert_rule_id is not None and alert.service_id is not None:
        _remember_resolve(tx, alert, now)
    _tell_resolve(tx, alert, now, actor, closed_because, hold_until)
    publish(tx, alert, "alert.resolved")


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


def _tell_resolve(
    tx: Transaction,
    alert: Alert,
    now: datetime,
    actor: str | None,
    closed_because: str | None,
    hold_until: datetime | None,
) -> None:
    by_recipient: dict[str, list[Notification]] = defaultdict(list)
    for row in enqueue.told(tx, alert.id):
        if row.kind in _FIRING_KINDS:
            by_recipient[row.recipient_key].append(row)
    wanted = {
        recipient.key: recipient
        for recipient in enqueue.channels_for(
            tx, alert.organization_id, "alert.resolved", alert.severity, now
        )
    }
    for key, rows in by_recipient.items():
        in_flight = False
        for row in rows:
            if enqueue.is_untouched(tx, row):
                row.status = "cancelled"
            in_flight = in_flight or row.status == "pending"
        recipient = wanted.get(key)
        if recipient is None and rows[0].contact is not None:
            recipient = enqueue.Recipient(key, contact=rows[0].contact)
        if recipient is None:
            continue
        was_told = in_flight or any(row.status in ("sent", "digested") for row in rows)
        enqueue.plan(
            tx,
            alert,
            "alert.resolved",
            [recipient],
            now,
            hold_until=hold_until,
            combined=not was_told,
            actor=actor,
            closed_because=closed_because,
        )


def acknowledge(
    organization_id: UUID, alert_id: UUID, *, actor: str, note: str | None = None
) -> None:
    """Take an alert on: escalation and reminders stop. Acknowledging twice changes nothing.

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
        _note(tx, alert, "acknowledged", actor=actor, text=note or "", at=now)
        escalation_levels.cancel(tx, alert.id)
        heard = {row.recipient_key for row in enqueue.told(tx, alert.id)}
        recipients = [
            recipient
            for recipient in enqueue.channels_for(
                tx, organization_id, "alert.acknowledged", alert.severity, now
            )
            if recipient.key in heard
        ]
        enqueue.plan(tx, alert, "alert.acknowledged", recipients, now, actor=actor, note=note)
        publish(tx, alert, "alert.acknowledged")


def resolve(organization_id: UUID, alert_id: UUID, *, actor: str, note: str | None = None) -> None:
    """Resolve an alert by hand; what fails still fires anew only once it has been fine.

    Raises NotFound. Resolving twice changes nothing.
    """
    with transaction() as tx:
        alert = _locked(tx, organization_id, alert_id)
        if alert.status != AlertStatus.RESOLVED:
            resolve_alert(tx, alert, tx.now(), actor=actor, text=note or "")


def snooze(organization_id: UUID, alert_id: UUID, *, actor: str, minutes: int) -> None:
    """Silence an alert for a while. Raises NotFound; Conflict for a resolved alert."""
    with transaction() as tx:
        alert = _locked(tx, organization_id, alert_id)
        now = tx.now()
        until = _checked(lambda: decisions.snooze(AlertStatus(alert.status), minutes, now))
        alert.snoozed_until = until
        _note(tx, alert, "snoozed", actor=actor, text=f"for {minutes} minutes", at=now)


def comment(organization_id: UUID, alert_id: UUID, *, actor: str, text: str) -> None:
    """Add a comment to an alert's timeline. Raises NotFound."""
    with transaction() as tx:
        _note(tx, _locked(tx, organization_id, alert_id), "comment", actor=actor, text=text)


def note(
    tx: Transaction,
    alert: Alert,
    kind: str,
    *,
    actor: str | None = None,
    text: str = "",
    at: datetime | None = None,
) -> None:
    """Add a line to an alert's timeline."""
    event = AlertEvent(alert_id=alert.id, kind=kind, actor=actor, text=text)
    if at is not None:
        event.at = at
    tx.session.add(event)


_note = note


def publish(tx: Transaction, alert: Alert, kind: str) -> None:
    """Put an alert on the live feed after the commit."""
    # Read now: after the commit the row is expired, and a look at it would begin a transaction.
    event = Event(alert.organization_id, kind, columns(alert))
    tx.after_commit(lambda: runtime().feed.publish([event]))


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
