"""/teams: groups of members."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.operations.accounts import teams
from app.schemas.base import PageSchema
from app.schemas.teams import (
    TeamChangeSchema,
    TeamInputSchema,
    TeamMemberInputSchema,
    TeamMemberSchema,
    TeamReplacementSchema,
    TeamSchema,
)
from app.security.access import caller, requires

bp = Blueprint("teams", __name__, url_prefix="/teams", description="Groups that are told together.")


@bp.get("")
@requires("teams:read")
@bp.accepts(PageSchema, location="query")
@bp.returns(TeamSchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List teams

    Newest first.
    """
    limit, after = pagination.take_page(query)
    return pagination.answer(*teams.listed(caller().organization_id, limit=limit, after=after))


@bp.post("")
@requires("teams:write")
@bp.accepts(TeamInputSchema)
@bp.returns(TeamSchema, 201)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Create a team"""
    return teams.create(caller().organization_id, given)


@bp.get("/<uuid:team_id>")
@requires("teams:read")
@bp.returns(TeamSchema)
def read(team_id: UUID) -> dict[str, Any]:
    """Read a team"""
    return teams.read(caller().organization_id, team_id)


@bp.patch("/<uuid:team_id>")
@requires("teams:write")
@bp.accepts(TeamChangeSchema)
@bp.returns(TeamSchema)
def change(given: dict[str, Any], team_id: UUID) -> dict[str, Any]:
    """Change a team

    Changes the given fields and leaves the others.
    """
    return teams.update(caller().organization_id, team_id, given)


@bp.put("/<uuid:team_id>")
@requires("teams:write")
@bp.accepts(TeamReplacementSchema)
@bp.returns(TeamSchema)
def replace(given: dict[str, Any], team_id: UUID) -> dict[str, Any]:
    """Change a team that was read before

    The same as PATCH; fields that only the server sets may be sent along and are ignored.
    """
    return teams.update(caller().organization_id, team_id, given)


@bp.delete("/<uuid:team_id>")
@requires("teams:write")
@bp.returns(None, 204)
def delete(team_id: UUID) -> None:
    """Delete a team

    Not while an escalation policy tells it (409).
    """
    teams.delete(caller().organization_id, team_id)


@bp.get("/<uuid:team_id>/members")
@requires("teams:read")
@bp.returns(TeamMemberSchema(many=True))
def team_members(team_id: UUID) -> list[dict[str, Any]]:
    """List the members of a team

    In alphabetical order.
    """
    return teams.team_members(caller().organization_id, team_id)


@bp.post("/<uuid:team_id>/members")
@requires("teams:write")
@bp.accepts(TeamMemberInputSchema)
@bp.returns(TeamMemberSchema, 201)
def add_member(given: dict[str, Any], team_id: UUID) -> dict[str, Any]:
    """Add a member to a team

    Only members of the organization; anybody else is answered like nobody (404).
    """
    return teams.add_member(caller().organization_id, team_id, given["user_id"])


@bp.delete("/<uuid:team_id>/members/<uuid:user_id>")
@requires("teams:write")
@bp.returns(None, 204)
def remove_member(team_id: UUID, user_id: UUID) -> None:
    """Remove a member from a team"""
    teams.remove_member(caller().organization_id, team_id, user_id)
