"""Levels of escalations: rows with absolute due times; each notifies the next people."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from app.domain.escalation import levels as decisions
from app.domain.escalation.levels import EscalationRule, NotifyType, PlannedLevel
from app.models.alerts import Alert, AlertEvent
from app.models.escalation_policies import EscalationLevel, EscalationPolicy
from app.models.services import Service
from app.operations.escalation import recipients as escalation_recipients
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.notifications import enqueue, last_resort
from app.operations.notifications.payloads import columns
from app.operations.snapshots import muted_alerts
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import Transaction, transaction

ADVANCE_JOB = "workers.escalations.advance"
_BATCH = 100
_SHORTEST_DELAY = timedelta(minutes=1)


def start(tx: Transaction, alert: Alert, policy_id: UUID | None, at: datetime) -> bool:
    """Write the levels of an alert's policy with their due times, counted from `at`.

    Say whether there are any. The rule's policy counts, else the service's, else the organization's
    default. A later edit of the policy does not touch alerts that run already.
    """
    policy = _policy_of(tx, alert, policy_id)
    if policy is None:
        return False
    planned = decisions.plan(rules_of(policy), policy.repeat_count, at)
    for position, level in enumerate(planned):
        tx.session.add(
            EscalationLevel(
                alert_id=alert.id,
                policy_id=policy.id,
                round=level.round,
                position=position,
                level=level.level,
                notify_type=level.notify_type,
                notify_id=level.notify_id,
                due_at=level.due_at,
            )
        )
    if planned:
        tx.after_commit(wake)
    return bool(planned)


def wake() -> None:
    """Let the worker look at once."""
    runtime().hints.work(ADVANCE_JOB)


def _policy_of(tx: Transaction, alert: Alert, policy_id: UUID | None) -> EscalationPolicy | None:
    if policy_id is None and alert.service_id is not None:
        service = tx.session.get(Service, alert.service_id)
        policy_id = service.escalation_policy_id if service else None
    # It must not go away between here and the levels that refer to it.
    query = (
        select(EscalationPolicy)
        .where(EscalationPolicy.organization_id == alert.organization_id)
        .with_for_update(read=True, key_share=True)
    )
    if policy_id is not None:
        query = query.where(EscalationPolicy.id == policy_id)
    else:
        query = query.where(EscalationPolicy.is_default)
    key = ("policy", alert.organization_id, policy_id)
    return tx.known(key, lambda: tx.session.scalar(query))


def rules_of(policy: EscalationPolicy) -> list[EscalationRule]:
    """Return the lines of a stored policy."""
    return [
        EscalationRule(
            int(rule["level"]),
            int(rule["delay_minutes"]),
            NotifyType(rule["notify_type"]),
            UUID(str(rule["notify_id"])),
        )
        for rule in policy.rules
    ]


def cancel(tx: Transaction, alert_id: UUID) -> None:
    """Cancel the levels of an alert that have not acted; a worker about to act finds none."""
    tx.session.execute(
        update(EscalationLevel)
        .where(EscalationLevel.alert_id == alert_id, EscalationLevel.status == "pending")
        .values(status="cancelled", done_at=func.now())
    )


def recipients_of(
    tx: Transaction, alert: Alert, level: PlannedLevel, event: str, now: datetime
) -> list[enqueue.Recipient]:
    """Return whom a level notifies of an alert at its severity."""
    return escalation_recipients.recipients(
        tx,
        alert.organization_id,
        level.notify_type,
        level.notify_id,
        event,
        alert.severity,
        now,
    )


def pending_of(tx: Transaction, alert_id: UUID) -> Sequence[EscalationLevel]:
    """Return the levels of an alert that have not acted, in their order."""
    return tx.session.scalars(
        select(EscalationLevel)
        .where(EscalationLevel.alert_id == alert_id, EscalationLevel.status == "pending")
        .order_by(EscalationLevel.position)
    ).all()


def advance_due() -> int:
    """Act on every alert that has an overdue level; return how many alerts were looked at.

    Those of services in maintenance act when it is over, if they are still open then.
    """
    with transaction() as tx:
        overdue = tx.session.scalars(
            select(EscalationLevel.alert_id)
            .join(Alert, Alert.id == EscalationLevel.alert_id)
            .where(
                EscalationLevel.status == "pending",
                EscalationLevel.due_at <= func.now(),
                Alert.status == "firing",
                Alert.suppressed_by.is_(None),
                (Alert.snoozed_until.is_(None)) | (Alert.snoozed_until <= func.now()),
            )
            .distinct()
        ).all()
        resting = set(quarantine.resting(tx, WorkKind.ESCALATION))
        due = [
            alert_id for alert_id in muted_alerts.unmuted(tx, overdue) if alert_id not in resting
        ][:_BATCH]
    for alert_id in due:
        quarantine.each_apart(WorkKind.ESCALATION, [alert_id], lambda ids: _advance(ids[0]))
    return len(due)


def _advance(alert_id: UUID) -> None:
    """Advance one alert's escalation by a step; an acknowledgement that came first wins."""
    with transaction() as tx:
        alert = tx.session.scalar(
            select(Alert)
            .where(Alert.id == alert_id, Alert.status == "firing")
            .with_for_update(key_share=True)
        )
        if alert is None:
            return  # acknowledged or resolved while we were on our way
        rows = pending_of(tx, alert_id)
        now = tx.now()
        planned = [planned_of(row) for row in rows]
        event_of = events_of(tx, alert)
        reached: dict[PlannedLevel, list[enqueue.Recipient]] = {}

        def reaches_nobody(level: PlannedLevel) -> bool:
            if level not in reached:
                reached[level] = recipients_of(tx, alert, level, event_of(level), now)
            return not reached[level]

        step = decisions.step(planned, None, now, reaches_nobody)
        _skip(tx, alert, rows, step.skipped, now)
        if step.notify:
            event = event_of(step.notify[0])
            _notify(tx, alert, rows, step.notify, event, reached, now)
        elif step.skipped:
            _enqueue_for_owners(tx, alert, planned, step.skipped, now)
        if step.skipped or step.notify:
            late = decisions.lateness(planned[0].due_at, now)
            for row in rows:
                if row.status == "pending":
                    row.due_at += late


def _enqueue_for_owners(
    tx: Transaction,
    alert: Alert,
    planned: Sequence[PlannedLevel],
    skipped: Sequence[tuple[int, int]],
    now: datetime,
) -> None:
    """Notify the owners in place of a last level that reaches nobody."""
    lines = [level for level in planned if level.position in skipped]
    names = ", ".join(sorted({_describe(tx, line) for line in lines}))
    why = f"the last level of the escalation policy reaches nobody ({names})"
    was_told = any(row.status != "dead" for row in enqueue.active(tx, alert.id))
    event = "alert.escalated" if was_told else "alert.fired"
    number, level = skipped[-1]
    step = number * 1000 + level if was_told else 0
    last_resort.enqueue_for_owners(tx, alert, event, now, why=why, step=step, was_told=was_told)


def events_of(tx: Transaction, alert: Alert) -> Callable[[PlannedLevel], str]:
    """Return what tells which event a level of an alert tells.

    Of a first level without delay, and of those due with it, it is the firing message itself: a
    channel that the rule has told already is not told twice. A level that is due at another time,
    who ever set it, tells of an escalation. Firing and level may have waited a few seconds for a
    root cause to show up.
    """
    first_due_at = tx.session.scalar(
        select(EscalationLevel.due_at)
        .where(EscalationLevel.alert_id == alert.id)
        .order_by(EscalationLevel.position)
        .limit(1)
    )
    is_delayed = first_due_at is None or first_due_at >= _announced_at(tx, alert) + _SHORTEST_DELAY

    def event(level: PlannedLevel) -> str:
        is_first = not is_delayed and level.round == 0 and level.due_at == first_due_at
        return "alert.fired" if is_first else "alert.escalated"

    return event


def _announced_at(tx: Transaction, alert: Alert) -> datetime:
    """Return when an alert was first notified: as it fired, or as it was suppressed no longer."""
    released_at = tx.session.scalar(
        select(func.max(AlertEvent.at)).where(
            AlertEvent.alert_id == alert.id, AlertEvent.kind == "released"
        )
    )
    return released_at or alert.fired_at


def planned_of(row: EscalationLevel) -> PlannedLevel:
    """Return a stored level as decisions read it."""
    return PlannedLevel(
        row.level, row.round, row.due_at, NotifyType(row.notify_type), row.notify_id
    )


def _skip(
    tx: Transaction,
    alert: Alert,
    rows: Sequence[EscalationLevel],
    skipped: Sequence[tuple[int, int]],
    now: datetime,
) -> None:
    for row in rows:
        if (row.round, row.level) in skipped:
            row.status, row.done_at = "skipped", now
    for number, level in skipped:
        text = f"level {level}{round_of(number)} reaches nobody and was skipped"
        tx.session.add(AlertEvent(alert_id=alert.id, at=now, kind="escalation_skipped", text=text))


def _notify(
    tx: Transaction,
    alert: Alert,
    rows: Sequence[EscalationLevel],
    lines: Sequence[PlannedLevel],
    event: str,
    reached: dict[PlannedLevel, list[enqueue.Recipient]],
    now: datetime,
) -> None:
    number, level = lines[0].position
    recipients = {recipient.key: recipient for line in lines for recipient in reached.get(line, [])}
    for row in rows:
        if (row.round, row.level) == (number, level):
            row.status, row.done_at = "done", now
    step = 0 if event == "alert.fired" else number * 1000 + level
    told = enqueue.without_deferred(tx, alert, event, recipients.values(), now)
    enqueue.alert_event(tx, alert, event, told, now, step=step)
    names = ", ".join(sorted({_describe(tx, line) for line in lines}))
    text = f"level {level}{round_of(number)}: {names}"
    tx.session.add(AlertEvent(alert_id=alert.id, at=now, kind="escalated", text=text))
    data = {**columns(alert), "level": level}
    organization_id = alert.organization_id
    tx.after_commit(
        lambda: runtime().feed.publish([Event(organization_id, "alert.escalated", data)])
    )


def round_of(number: int) -> str:
    """Return the suffix of a level's number in a later round."""
    return f" (round {number + 1})" if number else ""


def _describe(tx: Transaction, line: PlannedLevel) -> str:
    name = escalation_recipients.name_of(tx, line.notify_type, line.notify_id)
    return f"{line.notify_type} {name}"
