"""Usages of objects by others: nothing that is named can be deleted behind the back of its user."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.channels import CHANNEL_TYPES
from app.domain.escalation.levels import NotifyType
from app.domain.rules.transitions import AlertStatus
from app.models.alert_rules import AlertRule
from app.models.alerts import Alert
from app.models.escalation_policies import EscalationPolicy, OnCallOverride, OnCallSchedule
from app.models.heartbeats import Heartbeat
from app.models.notification_channels import Notification, NotificationChannel
from app.models.services import Service
from app.models.teams import Team, TeamMember
from app.platform.errors import Conflict
from app.platform.transaction import Transaction

_NAMED = 5  # so many at most stand in a refusal


def of_channel(tx: Transaction, organization_id: UUID, channel_id: UUID) -> list[str]:
    """Return what tells a channel, or falls back on it: `alert rule Checkout`, …"""
    return [
        *_names(tx, "alert rule", AlertRule, organization_id, _lists(AlertRule, channel_id)),
        *_names(tx, "heartbeat", Heartbeat, organization_id, _lists(Heartbeat, channel_id)),
        *_policies(tx, organization_id, NotifyType.CHANNEL, channel_id),
        *_names(
            tx,
            "fallback of the channel",
            NotificationChannel,
            organization_id,
            NotificationChannel.fallback_channel_id == channel_id,
        ),
        *_open_incidents(tx, channel_id),
    ]


def _open_incidents(tx: Transaction, channel_id: UUID) -> list[str]:
    """Return the open alerts of which a system that keeps incidents has one open.

    Without the channel nobody would ever close it there.
    """
    channel_type = tx.session.scalar(
        select(NotificationChannel.type).where(NotificationChannel.id == channel_id)
    )
    if channel_type is None or not CHANNEL_TYPES[channel_type].keeps_incidents:
        return []
    told = select(Notification.alert_id).where(
        Notification.channel_id == channel_id, Notification.attempts > 0
    )
    open_alerts = tx.session.scalars(
        select(Alert.service_name)
        .where(Alert.status != AlertStatus.RESOLVED, Alert.id.in_(told))
        .order_by(Alert.fired_at)
    )
    return [f"open alert of {name}" for name in open_alerts]


def of_policy(tx: Transaction, organization_id: UUID, policy_id: UUID) -> list[str]:
    """Return what escalates by a policy that it names."""
    models: tuple[tuple[str, Any], ...] = (
        ("service", Service),
        ("alert rule", AlertRule),
        ("heartbeat", Heartbeat),
    )
    return [
        name
        for what, model in models
        for name in _names(
            tx, what, model, organization_id, model.escalation_policy_id == policy_id
        )
    ]


def of_schedule(tx: Transaction, organization_id: UUID, schedule_id: UUID) -> list[str]:
    """Return the policies that tell whoever is on call by a schedule."""
    return _policies(tx, organization_id, NotifyType.SCHEDULE, schedule_id)


def of_team(tx: Transaction, organization_id: UUID, team_id: UUID) -> list[str]:
    """Return the policies that tell a team."""
    return _policies(tx, organization_id, NotifyType.TEAM, team_id)


def of_region(tx: Transaction, organization_id: UUID, region: str) -> list[str]:
    """Return the services that are checked in a region; those of others without their names."""
    others = tx.session.scalar(
        select(func.count())
        .select_from(Service)
        .where(Service.organization_id != organization_id, Service.regions.contains([region]))
    )
    return [
        *_names(tx, "service", Service, organization_id, Service.regions.contains([region])),
        *([f"services of other organizations ({others})"] if others else []),
    ]


def of_member(tx: Transaction, organization_id: UUID, user_id: UUID) -> list[str]:
    """Return what counts on a member: schedules, their overrides, policies, teams of their own."""
    stands_in = select(OnCallOverride.schedule_id).where(
        OnCallOverride.user_id == user_id, OnCallOverride.ends_at > tx.now()
    )
    is_on_call = OnCallSchedule.layers.contains([{"users": [str(user_id)]}])
    return [
        *_names(
            tx,
            "on-call schedule",
            OnCallSchedule,
            organization_id,
            is_on_call | OnCallSchedule.id.in_(stands_in),
        ),
        *_policies(tx, organization_id, NotifyType.USER, user_id),
        *(
            f"{policy} by the team {team.name}"
            for team in only_in(tx, organization_id, user_id)
            for policy in of_team(tx, organization_id, team.id)
        ),
    ]


def only_in(tx: Transaction, organization_id: UUID, user_id: UUID) -> Sequence[Team]:
    """Return the teams that nobody but a member is in."""
    others = select(TeamMember.team_id).where(TeamMember.user_id != user_id)
    mine = select(TeamMember.team_id).where(TeamMember.user_id == user_id)
    return tx.session.scalars(
        select(Team).where(
            Team.organization_id == organization_id, Team.id.in_(mine), Team.id.not_in(others)
        )
    ).all()


def refuse(name: str, uses: Sequence[str], remedy: str = "change that first") -> None:
    """Raise Conflict where something is in use, naming what uses it."""
    if not uses:
        return
    more = f" and {len(uses) - _NAMED} more" if len(uses) > _NAMED else ""
    raise Conflict(f"{name} is in use: {', '.join(uses[:_NAMED])}{more}; {remedy}")


def _lists(model: Any, channel_id: UUID) -> ColumnElement[bool]:
    result: ColumnElement[bool] = model.notification_channel_ids.contains([channel_id])
    return result


def _policies(
    tx: Transaction, organization_id: UUID, notify_type: NotifyType, notify_id: UUID
) -> list[str]:
    line = {"notify_type": notify_type.value, "notify_id": str(notify_id)}
    return _names(
        tx,
        "escalation policy",
        EscalationPolicy,
        organization_id,
        EscalationPolicy.rules.contains([line]),
    )


def _names(
    tx: Transaction, what: str, model: Any, organization_id: UUID, where: ColumnElement[bool]
) -> list[str]:
    rows: Iterable[str] = tx.session.scalars(
        select(model.name)
        .where(model.organization_id == organization_id, where)
        .order_by(model.name, model.id)
    )
    return [f"{what} {name}" for name in rows]
