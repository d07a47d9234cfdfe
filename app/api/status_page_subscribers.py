"""/status-pages/{page_id}/subscribers: who is told of what happens on a page."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.api.status_pages import parent_page
from app.operations.status_pages import subscribers
from app.schemas.status_page_subscribers import (
    SubscriberCountsSchema,
    SubscriberFilterSchema,
    SubscriberImportResultSchema,
    SubscriberImportSchema,
    SubscriberSchema,
)
from app.security.access import budget, principal, requires

bp = Blueprint(
    "status_page_subscribers",
    __name__,
    url_prefix="/status-pages/<uuid:page_id>/subscribers",
    description="Who is told of what happens on a status page.",
)


add_routes(
    bp,
    ResourceRoutes(
        noun="a subscriber",
        plural="subscribers of a status page",
        permission="status_pages",
        reads="status_pages:admin",
        writes="status_pages:admin",
        id_name="subscriber_id",
        answer=SubscriberSchema,
        filter=SubscriberFilterSchema,
        owner=parent_page,
        operations=Operations(listed=subscribers.listed, delete=subscribers.delete),
        notes={
            "list": "One whose mails were refused twice is `paused`.",
            "delete": "With the address, and what is still to be sent to it.",
        },
    ),
)


@bp.get("/counts")
@requires("status_pages:admin")
@bp.returns(SubscriberCountsSchema)
def counts(page_id: UUID) -> dict[str, Any]:
    """Count subscribers of a status page"""
    return subscribers.counts(principal().organization_id, page_id)


@bp.get("/export")
@requires("status_pages:admin")
@bp.returns({"type": "string"}, content_type="text/csv", description="One line a subscriber.")
@budget("exports of subscribers", 30)
def export(page_id: UUID) -> Response:
    """Export subscribers as CSV

    The audit log says who took it.
    """
    text = subscribers.export(principal().organization_id, page_id)
    headers = {"Content-Disposition": 'attachment; filename="subscribers.csv"'}
    return Response(text, headers=headers, mimetype="text/csv")


@bp.post("")
@requires("status_pages:admin")
@bp.accepts(SubscriberImportSchema)
@bp.returns(SubscriberImportResultSchema)
def bring(data: dict[str, Any], page_id: UUID) -> dict[str, Any]:
    """Import subscribers

    Each address gets a message to confirm, unless a reason says how they have agreed already.
    """
    return subscribers.bring(principal().organization_id, page_id, data["emails"], data["reason"])


@bp.post("/<uuid:subscriber_id>/confirmation")
@requires("status_pages:admin")
@bp.returns(SubscriberSchema, 202)
def ask_again(page_id: UUID, subscriber_id: UUID) -> dict[str, Any]:
    """Send a subscriber the message to confirm again

    To one who has not confirmed, or whose messages were refused; three times a day at most.
    """
    return subscribers.ask_again(principal().organization_id, page_id, subscriber_id)
