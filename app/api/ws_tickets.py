"""/ws-tickets: a short-lived stand-in for a token in the address of the live feed."""

from typing import Any

from app.api.http import Blueprint
from app.schemas.ws_tickets import TicketSchema
from app.security import tickets
from app.security.access import budget, chosen_slug, request_token, requires

bp = Blueprint(
    "ws_tickets", __name__, url_prefix="/ws-tickets", description="Tickets for the live feed."
)


@bp.post("")
@requires("feed:read")
@bp.returns(TicketSchema, 201)
@budget("tickets of the live feed", 120)
def create() -> dict[str, Any]:
    """Get a ticket for the live feed

    It stands for the caller's token in `/api/v1/ws?ticket=`, and for the organization of `?org=`,
    for 30 seconds and once, so that the token itself never stands in an address.
    """
    return {
        "ticket": tickets.issue(request_token(), chosen_slug()),
        "expires_in_seconds": tickets.LIFETIME_SECONDS,
    }
