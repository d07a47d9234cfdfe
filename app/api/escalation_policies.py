"""/escalation-policies: whom to tell next while nobody answers."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.optional_bodies import LenientBlueprint
from app.operations.escalation import policies as escalation_policies
from app.operations.escalation import simulation
from app.platform.clock import utcnow
from app.schemas.escalation_policies import (
    EscalationPolicyChangeSchema,
    EscalationPolicyInputSchema,
    EscalationPolicyReplacementSchema,
    EscalationPolicySchema,
    SimulatedLevelSchema,
    SimulationInputSchema,
)
from app.security.access import budget, principal, requires

bp = LenientBlueprint(
    "escalation_policies",
    __name__,
    url_prefix="/escalation-policies",
    description="Whom to tell next while nobody answers.",
)

add_routes(
    bp,
    ResourceRoutes(
        noun="an escalation policy",
        plural="escalation policies",
        permission="escalation_policies",
        id_name="policy_id",
        answer=EscalationPolicySchema,
        body=EscalationPolicyInputSchema,
        change=EscalationPolicyChangeSchema(partial=True),
        replacement=EscalationPolicyReplacementSchema(partial=True),
        operations=Operations.of(escalation_policies),
        notes={
            "create": "Delays count from the firing of the alert; level 1 with delay 0 acts at "
            "once. Later levels act only while nobody has acknowledged. A level that reaches "
            "nobody is skipped at once.",
            "change": "Changes the given fields and leaves the others; `rules` are replaced as a "
            "whole. Alerts that run already keep the levels they have.",
            "delete": "Not while a service, an alert rule or a heartbeat names it (409 says "
            "which).",
        },
    ),
)


@bp.post("/<uuid:policy_id>/simulate")
@requires("escalation_policies:read")
@bp.accepts(SimulationInputSchema, required=False)
@bp.returns(SimulatedLevelSchema(many=True))
@budget("previews", 30)
def simulate(data: dict[str, Any], policy_id: UUID) -> list[dict[str, Any]]:
    """Simulate an escalation policy

    Tells who would be told when, if an alert fired `at` that time and nobody answered. Nothing is
    sent. The body may be left out.
    """
    at = data.get("at") or utcnow()
    return simulation.simulate(principal().organization_id, policy_id, at)
