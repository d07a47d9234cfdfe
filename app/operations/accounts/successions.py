"""Succession of a member: handed over to, so that their removal leaves nobody unreachable."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.escalation.levels import NotifyType
from app.domain.messages.events import BEGINNINGS
from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.escalation_policies import (
    EscalationLevel,
    EscalationPolicy,
    OnCallOverride,
    OnCallSchedule,
)
from app.models.members import User
from app.models.notification_channels import Notification
from app.models.teams import TeamMember
from app.operations import usages
from app.operations.alerts import abandonment
from app.operations.escalation import recipients as escalation_recipients
from app.operations.notifications import enqueue, withdrawn
from app.operations.rows import lock_organization
from app.operations.snapshots import alerting as alerting_snapshots
from app.platform.transaction import Transaction

_SAME = ("level", "notify_type", "notify_id")


def lock_alerts(tx: Transaction, organization_id: UUID, user_id: UUID) -> None:
    """Lock all alerts that a member leaves behind, in their order, before anything about them.

    Those of which something waits for them, those whose levels are to tell them, and those that
    they have acknowledged.
    """
    waiting = tx.session.scalars(
        select(Notification.alert_id).where(*_waits_for(organization_id, user_id))
    )
    levels = tx.session.scalars(
        select(EscalationLevel.alert_id)
        .join(Alert, Alert.id == EscalationLevel.alert_id)
        .where(
            Alert.organization_id == organization_id,
            Alert.status != AlertStatus.RESOLVED,
            *_tells(user_id),
        )
    )
    acknowledged = abandonment.ids(tx, organization_id, user_id)
    ids = {*waiting, *levels, *acknowledged}
    withdrawn.lock_alerts(tx, [id for id in ids if id is not None])


def _waits_for(organization_id: UUID, user_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Notification.organization_id == organization_id,
        Notification.recipient_key.like(f"user:{user_id}:%"),
        Notification.status == "pending",
    )


def _tells(user_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        # Cancelled are those of acknowledged alerts: they may go on.
        EscalationLevel.status.in_(("pending", "cancelled")),
        EscalationLevel.notify_type == NotifyType.USER,
        EscalationLevel.notify_id == user_id,
    )


def hand_over(tx: Transaction, organization_id: UUID, user_id: UUID, successor_id: UUID) -> None:
    """Put a successor in a member's place in schedules, overrides, policies and teams.

    A rotation that has the successor already closes up. Levels of alerts that run tell the
    successor, and what was still to be sent to the member goes to them.
    """
    alerting_snapshots.invalidate(lock_organization(tx, organization_id))
    _in_schedules(tx, organization_id, user_id, successor_id)
    _in_policies(tx, organization_id, user_id, successor_id)
    for team in usages.only_in(tx, organization_id, user_id):
        tx.session.execute(
            insert(TeamMember)
            .values(team_id=team.id, user_id=successor_id)
            .on_conflict_do_nothing()
        )
    running = select(Alert.id).where(
        Alert.organization_id == organization_id, Alert.status != "resolved"
    )
    tx.session.execute(
        update(EscalationLevel)
        .where(EscalationLevel.alert_id.in_(running), *_tells(user_id))
        .values(notify_id=successor_id)
        .execution_options(synchronize_session=False)
    )
    tx.session.flush()


def withdraw_messages(
    tx: Transaction, organization_id: UUID, user_id: UUID, successor_id: UUID | None
) -> None:
    """Send a member nothing any more; a successor gets what was about to be sent about alerts.

    Without one, an alert that nobody else has heard of goes to fallbacks or owners.
    """
    mine = _waits_for(organization_id, user_id)
    about = tx.session.scalars(select(Notification.alert_id).where(*mine).distinct()).all()
    alerts = withdrawn.lock_alerts(tx, [alert_id for alert_id in about if alert_id is not None])
    rows = tx.session.scalars(
        select(Notification)
        .where(*mine)
        .order_by(Notification.created_at)
        .with_for_update(key_share=True)
    ).all()
    now = tx.now()
    if successor_id is None:
        name = tx.session.get_one(User, user_id).full_name
        withdrawn.withdraw(tx, rows, f"{name} left the organization before they were told")
        withdrawn.enqueue_instead(tx, alerts, f"{name} is no member any more")
        return
    told: set[tuple[str, str, int]] = set()
    for row in rows:
        row.status = "cancelled"
        message = (row.subject_key, row.kind, row.step)
        # Who did not hear of the beginning hears no end of it alone.
        begins = row.kind in BEGINNINGS or row.message.get("combined")
        if row.alert_id is None or not begins or message in told:
            continue
        told.add(message)
        successor = escalation_recipients.contacts(tx.session.get_one(User, successor_id), now)
        enqueue.elsewhere(tx, row, successor, now)


def _in_schedules(
    tx: Transaction, organization_id: UUID, user_id: UUID, successor_id: UUID
) -> None:
    schedules = tx.session.scalars(
        select(OnCallSchedule)
        .where(OnCallSchedule.organization_id == organization_id)
        .order_by(OnCallSchedule.id)
        .with_for_update(key_share=True)
    ).all()
    for schedule in schedules:
        layers = [
            {**layer, "users": _replaced(layer["users"], str(user_id), str(successor_id))}
            for layer in schedule.layers
        ]
        if layers != schedule.layers:
            schedule.layers = layers
    tx.session.execute(
        update(OnCallOverride)
        .where(
            OnCallOverride.schedule_id.in_([schedule.id for schedule in schedules]),
            OnCallOverride.user_id == user_id,
            OnCallOverride.ends_at > tx.now(),
        )
        .values(user_id=successor_id)
    )


def _in_policies(tx: Transaction, organization_id: UUID, user_id: UUID, successor_id: UUID) -> None:
    line = {"notify_type": NotifyType.USER.value, "notify_id": str(user_id)}
    for policy in tx.session.scalars(
        select(EscalationPolicy)
        .where(
            EscalationPolicy.organization_id == organization_id,
            EscalationPolicy.rules.contains([line]),
        )
        .order_by(EscalationPolicy.id)
        .with_for_update(key_share=True)
    ):
        policy.rules = _with_successor(policy.rules, line, str(successor_id))


def _replaced(users: list[str], user: str, successor: str) -> list[str]:
    """Return the users of a rotation with the successor in place of a user, once."""
    if successor in users:
        return [other for other in users if other != user]
    return [successor if other == user else other for other in users]


def _with_successor(
    rules: list[dict[str, Any]], line: dict[str, str], successor: str
) -> list[dict[str, Any]]:
    """Return the lines of a policy; one that would tell the successor twice at a level goes."""
    result: list[dict[str, Any]] = []
    for rule in rules:
        if line.items() <= rule.items():
            rule = {**rule, "notify_id": successor}
        same = [other for other in result if all(other[key] == rule[key] for key in _SAME)]
        if same:
            # The lines of a level act together, at the earliest of their delays.
            same[0]["delay_minutes"] = min(same[0]["delay_minutes"], rule["delay_minutes"])
        else:
            result.append(dict(rule))
    return result
