"""Create, change and delete escalation policies; one of them may be the organization's default."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy
from sqlalchemy import select

from app.domain.escalation.levels import NotifyType
from app.models.escalation_policies import EscalationPolicy, OnCallSchedule
from app.models.members import Membership
from app.models.notification_channels import NotificationChannel
from app.models.teams import Team
from app.operations import rows as owned_rows
from app.operations import usages
from app.operations.rows import Position, columns, lock_organization, refused
from app.operations.snapshots import alerting as alerting_snapshots
from app.platform.transaction import Transaction, transaction

Columns = Mapping[str, Any]

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


def listed(
    organization_id: UUID, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of policies, newest first, where to go on (None at the end), their number."""
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, EscalationPolicy, organization_id, limit=limit, after=after
        )
        found = [columns(row) for row in rows]
    return found, position, total


def read(organization_id: UUID, policy_id: UUID) -> dict[str, Any]:
    """Return a policy. Raises NotFound."""
    with transaction() as tx:
        found = columns(owned_rows.find(tx, EscalationPolicy, organization_id, policy_id))
    return found


def create(organization_id: UUID, given: Columns) -> dict[str, Any]:
    """Create a policy and return its answer. Raises Invalid for a target that does not exist."""
    policy_id = uuid4()
    with transaction() as tx:
        # First of all: it locks the organization, so that there is one default at most.
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        values = _stored(tx, organization_id, given)
        _make_room(tx, organization_id, policy_id, given)
        policy = EscalationPolicy(id=policy_id, organization_id=organization_id, **values)
        tx.session.add(policy)
        tx.session.flush()
        found = columns(policy)
    return found


def update(organization_id: UUID, policy_id: UUID, given: Columns) -> dict[str, Any]:
    """Change a policy and return its answer. Alerts that run already keep their levels.

    Raises NotFound, Invalid for a target that does not exist.
    """
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        policy = owned_rows.lock(tx, EscalationPolicy, organization_id, policy_id)
        values = _stored(tx, organization_id, given)
        _make_room(tx, organization_id, policy_id, given)
        for name, value in values.items():
            setattr(policy, name, value)
        tx.session.flush()
        found = columns(policy)
    return found


def delete(organization_id: UUID, policy_id: UUID) -> None:
    """Delete a policy. Raises NotFound, Conflict while something names it."""
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        policy = owned_rows.lock(
            tx, EscalationPolicy, organization_id, policy_id, against_references=True
        )
        usages.refuse(policy.name, usages.of_policy(tx, organization_id, policy_id))
        tx.session.delete(policy)


def _stored(tx: Transaction, organization_id: UUID, given: Columns) -> dict[str, Any]:
    """Return columns as they are stored. Raises Invalid for a target that does not exist."""
    if "rules" not in given:
        return dict(given)
    for at, rule in enumerate(given["rules"]):
        if not _exists(tx, organization_id, rule["notify_type"], rule["notify_id"]):
            called = _CALLED[NotifyType(rule["notify_type"])]
            raise refused(f"rules.{at}.notify_id", f"There is no {called} {rule['notify_id']}.")
    rules = [{**rule, "notify_id": str(rule["notify_id"])} for rule in given["rules"]]
    return {**given, "rules": rules}


def _exists(tx: Transaction, organization_id: UUID, notify_type: str, notify_id: UUID) -> bool:
    if notify_type == NotifyType.USER:
        query = select(Membership.id).where(Membership.user_id == notify_id)
        query = query.where(Membership.organization_id == organization_id)
    else:
        model = _TARGETS[notify_type]
        query = select(model.id).where(model.id == notify_id)
        query = query.where(model.organization_id == organization_id)
    return tx.session.scalar(query) is not None


def _make_room(tx: Transaction, organization_id: UUID, policy_id: UUID, given: Columns) -> None:
    """Take the mark of the default from the others, when this policy gets it."""
    if given.get("is_default"):
        tx.session.execute(
            sqlalchemy.update(EscalationPolicy)
            .where(
                EscalationPolicy.organization_id == organization_id,
                EscalationPolicy.id != policy_id,
                EscalationPolicy.is_default,
            )
            .values(is_default=False)
        )
