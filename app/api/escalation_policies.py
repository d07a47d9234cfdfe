"""/escalation-policies: whom to tell next while nobody answers."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS
from app.api.optional_bodies import LenientBlueprint
from app.operations.escalation import levels as escalation_levels
from app.operations.escalation import policies as escalation_policies
from app.platform.clock import utcnow
from app.schemas.escalation_policies import (
    EscalationPolicyChangeSchema,
    EscalationPolicyFilterSchema,
    EscalationPolicyInputSchema,
    EscalationPolicyReplacementSchema,
    EscalationPolicySchema,
    SimulatedLevelSchema,
    SimulationInputSchema,
)
from app.security.access import caller, requires

bp = LenientBlueprint(
    "escalation_policies",
    __name__,
    url_prefix="/escalation-policies",
    description="Whom to tell next while nobody answers.",
)


@bp.get("")
@requires("escalation_policies:read")
@bp.accepts(EscalationPolicyFilterSchema, location="query")
@bp.returns(EscalationPolicySchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List escalation policies

    Newest first.
    """
    limit, after = pagination.take_page(query)
    return pagination.answer(
        *escalation_policies.listed(caller().organization_id, limit=limit, after=after)
    )


@bp.post("")
@requires("escalation_policies:write")
@bp.accepts(EscalationPolicyInputSchema)
@bp.returns(EscalationPolicySchema, 201)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Create an escalation policy

    Delays count from the firing of the alert; level 1 with delay 0 acts at once. Later levels act
    only while nobody has acknowledged. A level that reaches nobody is skipped at once.
    """
    return escalation_policies.create(caller().organization_id, given)


@bp.get("/<uuid:policy_id>")
@requires("escalation_policies:read")
@bp.returns(EscalationPolicySchema)
def read(policy_id: UUID) -> dict[str, Any]:
    """Read an escalation policy"""
    return escalation_policies.read(caller().organization_id, policy_id)


@bp.patch("/<uuid:policy_id>")
@requires("escalation_policies:write")
@bp.accepts(EscalationPolicyChangeSchema(partial=True))
@bp.returns(EscalationPolicySchema)
def change(given: dict[str, Any], policy_id: UUID) -> dict[str, Any]:
    """Change an escalation policy

    Changes the given fields and leaves the others; `rules` are replaced as a whole. Alerts that run
    already keep the levels they have.
    """
    return escalation_policies.change(caller().organization_id, policy_id, given)


@bp.put("/<uuid:policy_id>")
@requires("escalation_policies:write")
@bp.accepts(EscalationPolicyReplacementSchema(partial=True))
@bp.returns(EscalationPolicySchema)
def replace(given: dict[str, Any], policy_id: UUID) -> dict[str, Any]:
    """Change an escalation policy that was read before

    The same as PATCH; fields that only the server sets may be sent along and are ignored.
    """
    return escalation_policies.change(caller().organization_id, policy_id, given)


@bp.delete("/<uuid:policy_id>")
@requires("escalation_policies:write")
@bp.returns(None, 204)
def delete(policy_id: UUID) -> None:
    """Delete an escalation policy

    Not while a service, an alert rule or a heartbeat names it (409 says which).
    """
    escalation_policies.delete(caller().organization_id, policy_id)


@bp.post("/<uuid:policy_id>/simulate")
@requires("escalation_policies:read")
@bp.accepts(SimulationInputSchema, required=False)
@bp.returns(SimulatedLevelSchema(many=True))
def simulate(given: dict[str, Any], policy_id: UUID) -> list[dict[str, Any]]:
    """Simulate an escalation policy

    Tells who would be told when, if an alert fired `at` that time and nobody answered. Nothing is
    sent. The body may be left out.
    """
    at = given.get("at") or utcnow()
    return escalation_levels.simulate(caller().organization_id, policy_id, at)
