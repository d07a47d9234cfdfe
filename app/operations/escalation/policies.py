"""Escalation policies: created, changed, deleted; one of them may be the organization's default."""

from collections.abc import Set
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import Select, select

from app.domain.escalation.levels import NotifyType
from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.escalation_policies import EscalationLevel, EscalationPolicy, OnCallSchedule
from app.models.members import Membership
from app.models.notification_channels import NotificationChannel
from app.models.teams import Team
from app.operations import usages
from app.operations.escalation import assignments
from app.operations.notifications import withdrawn
from app.operations.resource import Most
from app.operations.rows import Columns, refused
from app.operations.snapshots.resource import SnapshotResource
from app.platform.errors import InvalidCode
from app.platform.transaction import Transaction

_TARGETS: dict[str, Any] = {
    NotifyType.TEAM: Team,
    NotifyType.CHANNEL: NotificationChannel,
    NotifyType.SCHEDULE: OnCallSchedule,
}
_CALLED = {
    NotifyType.TEAM: "team",
    NotifyType.USER: "member",
    NotifyType.CHANNEL: "notification channel",
    NotifyType.SCHEDULE: "on-call schedule",
}


class _Policies(SnapshotResource[EscalationPolicy]):
    model = EscalationPolicy
    most = Most(1_000, "escalation policies")
    is_referred_to = True

    def new_columns(self, tx: Transaction, who: UUID, id: UUID, data: Columns) -> Columns:
        values = _stored(tx, who, data)
        _make_room(tx, who, id, data)
        return values

    def changed_columns(
        self, tx: Transaction, who: UUID, row: EscalationPolicy, changes: Columns
    ) -> Columns:
        # Alerts that run already keep their levels.
        return self.new_columns(tx, who, row.id, changes)

    def created(self, tx: Transaction, row: EscalationPolicy) -> None:
        """Let alerts that escalate by no policy begin with one that is the default now."""
        if row.is_default:
            assignments.follow_policy(tx, Alert.organization_id == row.organization_id, row.id)

    def updated(
        self, tx: Transaction, row: EscalationPolicy, before: Columns, changes: Columns
    ) -> None:
        """As for a new one, where it has become the default."""
        if not before["is_default"]:
            self.created(tx, row)

    def referring(self, tx: Transaction, id: UUID) -> Set[UUID]:
        return set(tx.session.scalars(_escalating(id)))

    def lock_referring(self, tx: Transaction, id: UUID) -> Set[UUID]:
        alerts = withdrawn.lock_alerts(tx, self.referring(tx, id))
        return {alert.id for alert in alerts}

    def uses(self, tx: Transaction, who: UUID, row: EscalationPolicy) -> list[str]:
        return usages.of_policy(tx, who, row.id)


_POLICIES = _Policies()
listed, read, create, update, delete = _POLICIES.operations()
used_by = _POLICIES.used_by


def _escalating(policy_id: UUID) -> Select[UUID]:
    """Return the query of open alerts that escalate by a policy: who acts on one has it locked."""
    return (
        select(EscalationLevel.alert_id)
        .join(Alert, Alert.id == EscalationLevel.alert_id)
        .where(EscalationLevel.policy_id == policy_id, Alert.status != AlertStatus.RESOLVED)
    )


def _stored(tx: Transaction, organization_id: UUID, data: Columns) -> dict[str, Any]:
    """Return columns as they are stored. Raises Invalid for a target that does not exist."""
    if "rules" not in data:
        return dict(data)
    for at, rule in enumerate(data["rules"]):
        if not _exists(tx, organization_id, rule["notify_type"], rule["notify_id"]):
            called = _CALLED[NotifyType(rule["notify_type"])]
            raise refused(
                f"rules.{at}.notify_id",
                InvalidCode.UNKNOWN_REFERENCE,
                f"There is no {called} {rule['notify_id']}.",
            )
    rules = [{**rule, "notify_id": str(rule["notify_id"])} for rule in data["rules"]]
    return {**data, "rules": rules}


def _exists(tx: Transaction, organization_id: UUID, notify_type: str, notify_id: UUID) -> bool:
    if notify_type == NotifyType.USER:
        query = select(Membership.id).where(Membership.user_id == notify_id)
        query = query.where(Membership.organization_id == organization_id)
    else:
        model = _TARGETS[notify_type]
        query = select(model.id).where(model.id == notify_id)
        query = query.where(model.organization_id == organization_id)
    return tx.session.scalar(query) is not None


def _make_room(tx: Transaction, organization_id: UUID, policy_id: UUID, data: Columns) -> None:
    """Make the other policies no default when this one becomes it."""
    if data.get("is_default"):
        tx.session.execute(
            sqlalchemy.update(EscalationPolicy)
            .where(
                EscalationPolicy.organization_id == organization_id,
                EscalationPolicy.id != policy_id,
                EscalationPolicy.is_default,
            )
            .values(is_default=False)
        )
