"""/invitations: links that let people join."""

from typing import Any
from uuid import UUID

from app.api.auth import session_in
from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.operations.accounts import invitations
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


add_routes(
    bp,
    ResourceRoutes(
        noun="an invitation",
        plural="invitations",
        permission="invitations",
        id_name="invitation_id",
        answer=ListedInvitationSchema,
        operations=Operations(listed=invitations.listed, delete=invitations.delete),
        ordered="Those that nobody has accepted yet, newest first; `POST /members` makes them.",
        titles={"delete": "Withdraw an invitation"},
        notes={"delete": "Its link ends at once."},
    ),
)


@bp.post("/<uuid:invitation_id>/resend")
@requires("invitations:write")
@bp.returns(SentInvitationSchema)
def resend(invitation_id: UUID) -> dict[str, Any]:
    """Renew an invitation

    Makes a new link, good for seven days, and sends it; the old one ends.
    """
    return invitations.resend(principal(), invitation_id)


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
