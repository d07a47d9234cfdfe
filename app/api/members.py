"""/members: the people of the organization."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.operations.accounts import invitations, members
from app.schemas.invitations import SentInvitationSchema
from app.schemas.members import (
    MemberChangeSchema,
    MemberFilterSchema,
    MemberInputSchema,
    MemberSchema,
    RemovalSchema,
)
from app.security.access import principal, refuse, requires

bp = Blueprint(
    "members", __name__, url_prefix="/members", description="The people of the organization."
)


add_routes(
    bp,
    ResourceRoutes(
        noun="a member",
        plural="members",
        permission="members",
        id_name="user_id",
        answer=MemberSchema,
        filter=MemberFilterSchema,
        operations=Operations(listed=members.listed, read=members.read),
    ),
)


@bp.post("")
@requires("members:write")
@bp.accepts(MemberInputSchema)
@bp.returns(SentInvitationSchema, 201)
def create(data: dict[str, Any]) -> dict[str, Any]:
    """Invite a member

    They are a member once they accept: by the link, which is sent by mail where this server can and
    stands in this answer, or in their profile. The answer is the same whether or not the address
    has an account; `user_id` is that of the account, or of the one it will get.
    """
    return invitations.invite(principal(), data["email"], data["role"])


@bp.route("/<uuid:user_id>", methods=["PATCH", "PUT"])
@requires("members:write")
@bp.accepts(MemberChangeSchema)
@bp.returns(MemberSchema)
def change(changes: dict[str, Any], user_id: UUID) -> dict[str, Any]:
    """Change a member's role

    It counts from their next request on. Nobody gives or takes a role above their own, and the
    last owner stays one (409).
    """
    return members.change_role(principal(), user_id, changes["role"])


@bp.delete("/<uuid:user_id>")
@requires("members:leave")
@bp.accepts(RemovalSchema, location="query")
@bp.returns(None, 204)
def delete(query: dict[str, Any], user_id: UUID) -> None:
    """Remove a member, or leave

    Their tokens and API keys for this organization end at once, live connections within a minute.
    Admins remove others; everybody may leave, except the last owner (409). Who stands in on-call
    schedules or escalation policies goes only once they were taken out (409 names where), or with
    a successor, which takes the right to edit both.
    """
    if user_id != principal().user_id and not principal().may("members:write"):
        refuse("members:write")
    successor_id = query.get("replace_with")
    if successor_id is not None and not principal().may("escalation_policies:write"):
        refuse("escalation_policies:write")
    members.remove(principal(), user_id, successor_id)
