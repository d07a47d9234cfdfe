"""Simulation of an escalation: who would be notified when, if nobody acknowledged."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.escalation import levels as decisions
from app.domain.escalation.levels import PlannedLevel
from app.models.escalation_policies import EscalationPolicy
from app.operations.escalation import recipients as escalation_recipients
from app.operations.escalation.levels import rules_of
from app.platform.errors import NotFound
from app.platform.transaction import transaction


def simulate(organization_id: UUID, policy_id: UUID, at: datetime) -> list[dict[str, Any]]:
    """Return who would be notified when, if an alert fired `at` and nobody acknowledged it.

    What follows a level that reaches nobody acts in its place, as it would. Raises NotFound for a
    policy of another organization.
    """
    with transaction() as tx:
        policy = tx.session.scalar(
            select(EscalationPolicy).where(
                EscalationPolicy.id == policy_id,
                EscalationPolicy.organization_id == organization_id,
            )
        )
        if policy is None:
            raise NotFound
        recipients: dict[tuple[PlannedLevel, datetime], list[str]] = {}

        def reaches_nobody(level: PlannedLevel, moment: datetime) -> bool:
            named = escalation_recipients.names(
                tx, organization_id, level.notify_type, level.notify_id, moment
            )
            recipients[level, moment] = named
            return not named

        def recipients_of(level: PlannedLevel, moment: datetime) -> list[str]:
            if (level, moment) not in recipients:
                reaches_nobody(level, moment)
            return recipients[level, moment]

        planned = decisions.plan(rules_of(policy), policy.repeat_count, at)
        return [
            {
                "at": moment,
                "level": level.level,
                "round": level.round,
                "notify_type": level.notify_type,
                "notify_id": level.notify_id,
                "name": escalation_recipients.name_of(tx, level.notify_type, level.notify_id),
                "recipients": recipients_of(level, moment),
            }
            for level, moment in decisions.forecast(planned, reaches_nobody)
        ]
