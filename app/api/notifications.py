"""/notifications: every message, and another try of those that did not get through."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.operations.notifications import deliveries, retries
from app.schemas.deliveries import DeliveryFilterSchema, DeliverySchema
from app.security.access import principal, requires

bp = Blueprint(
    "notifications",
    __name__,
    url_prefix="/notifications",
    description="Every message, and what became of it.",
)


@bp.get("")
@requires("alerts:read")
@bp.accepts(DeliveryFilterSchema, location="query")
@bp.returns(DeliverySchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List messages

    Newest first, each with every try to deliver it. What the receiver said is shown to admins.
    Mails of the system itself, such as invitations, are not among them.
    """
    limit, after = pagination.take_page(query)
    return pagination.response(
        *deliveries.listed(
            principal().organization_id,
            query,
            with_answers=principal().may("deliveries:read_answers"),
            limit=limit,
            after=after,
        )
    )


@bp.post("/<uuid:notification_id>/retry")
@requires("alerts:act")
@bp.returns(DeliverySchema, 202)
def retry(notification_id: UUID) -> dict[str, Any]:
    """Try a message again

    At once, also one that was given up. 409 for one that was delivered or withdrawn, is being sent
    at this moment, or tells of the beginning of an alert that is over.
    """
    organization_id = principal().organization_id
    retries.retry(organization_id, notification_id)
    return deliveries.read(
        organization_id, notification_id, with_answers=principal().may("deliveries:read_answers")
    )
