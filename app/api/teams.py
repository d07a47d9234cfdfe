"""/teams: groups of members."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.operations.accounts import teams
from app.schemas.teams import (
    TeamChangeSchema,
    TeamInputSchema,
    TeamMemberInputSchema,
    TeamMemberSchema,
    TeamReplacementSchema,
    TeamSchema,
)
from app.security.access import principal, requires

bp = Blueprint("teams", __name__, url_prefix="/teams", description="Groups that are told together.")

add_routes(
    bp,
    ResourceRoutes(
        noun="a team",
        plural="teams",
        permission="teams",
        id_name="team_id",
        answer=TeamSchema,
        body=TeamInputSchema,
        change=TeamChangeSchema(),
        replacement=TeamReplacementSchema(),
        operations=Operations.of(teams),
        notes={"delete": "Not while an escalation policy tells it (409)."},
    ),
)


@bp.get("/<uuid:team_id>/members")
@requires("teams:read")
@bp.returns(TeamMemberSchema(many=True))
def team_members(team_id: UUID) -> list[dict[str, Any]]:
    """List the members of a team

    In alphabetical order.
    """
    return teams.team_members(principal().organization_id, team_id)


@bp.post("/<uuid:team_id>/members")
@requires("teams:write")
@bp.accepts(TeamMemberInputSchema)
@bp.returns(TeamMemberSchema, 201)
def add_member(data: dict[str, Any], team_id: UUID) -> dict[str, Any]:
    """Add a member to a team

    Only members of the organization; anybody else is answered like nobody (404).
    """
    return teams.add_member(principal().organization_id, team_id, data["user_id"])


@bp.delete("/<uuid:team_id>/members/<uuid:user_id>")
@requires("teams:write")
@bp.returns(None, 204)
def remove_member(team_id: UUID, user_id: UUID) -> None:
    """Remove a member from a team"""
    teams.remove_member(principal().organization_id, team_id, user_id)
