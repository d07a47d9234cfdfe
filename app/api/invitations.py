"""/invitations: links that let people join."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.auth import session_in
from app.api.http import PAGE_HEADERS, Blueprint
from app.operations.accounts import invitations
from app.schemas.base import PageSchema
from app.schemas.invitations import (
    AcceptedSchema,
    AcceptSchema,
    ListedInvitationSchema,
    SentInvitationSchema,
)
from app.security.access import principal, requires

bp = Blueprint(
    "invitations", __name__, url_prefix="/invitations", description="Links that let people join."
)


@bp.get("")
@requires("invitations:read")
@bp.accepts(PageSchema, location="query")
@bp.returns(ListedInvitationSchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List invitations

    Those that nobody has accepted yet, newest first; `POST /members` makes them.
    """
    limit, after = pagination.take_page(query)
    found = invitations.listed(principal().organization_id, limit=limit, after=after)
    return pagination.response(*found)


@bp.post("/<uuid:invitation_id>/resend")
@requires("invitations:write")
@bp.returns(SentInvitationSchema)
def resend(invitation_id: UUID) -> dict[str, Any]:
    """Renew an invitation

    Makes a new link, good for seven days, and sends it; the old one ends.
    """
    return invitations.resend(principal(), invitation_id)


@bp.delete("/<uuid:invitation_id>")
@requires("invitations:write")
@bp.returns(None, 204)
def delete(invitation_id: UUID) -> None:
    """Withdraw an invitation

    Its link ends at once.
    """
    invitations.delete(principal().organization_id, invitation_id)


@bp.post("/accept")
@requires("session:write")
@bp.accepts(AcceptSchema)
@bp.returns(AcceptedSchema)
def accept(data: dict[str, Any]) -> dict[str, Any]:
    """Accept an invitation

    For somebody signed in, with the address that was invited; returns a token for the organization
    that they joined. Without an account, send the invitation's token to `POST /auth/register`.
    """
    organization_id = invitations.accept(principal().user_id, data["token"])
    return session_in(principal().user_id, organization_id)
