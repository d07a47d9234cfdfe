"""/status-pages/{page_id}/incidents: what people are told on a page."""

from datetime import UTC
from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.domain.status_pages import post_mortem
from app.domain.status_pages.types import IncidentStatus
from app.operations.resource import Parent
from app.operations.status_pages import incident_queries, incidents
from app.schemas.status_page_incidents import (
    IncidentChangeSchema,
    IncidentFilterSchema,
    IncidentPreviewSchema,
    IncidentReplacementSchema,
    IncidentSchema,
    IncidentUpdateChangeSchema,
    IncidentUpdateInputSchema,
    NewIncidentSchema,
    PostMortemDraftSchema,
)
from app.security.access import budget, principal, requires

bp = Blueprint(
    "status_page_incidents",
    __name__,
    url_prefix="/status-pages/<uuid:page_id>/incidents",
    description="What people are told on a status page.",
)


@bp.get("")
@requires("status_pages:read")
@bp.accepts(IncidentFilterSchema, location="query")
@bp.returns(IncidentSchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any], page_id: UUID) -> Response:
    """List incidents of a status page

    Newest first, drafts among them.
    """
    limit, after = pagination.take_page(query)
    return pagination.response(*incidents.listed(_page(page_id), query, limit=limit, after=after))


@bp.post("")
@requires("status_pages:post")
@bp.accepts(NewIncidentSchema)
@bp.returns(IncidentSchema, 201)
def create(data: dict[str, Any], page_id: UUID) -> dict[str, Any]:
    """Create an incident

    It is on the page within seconds, and subscribers are told, unless it is a draft. One that began
    earlier brings its `updates` along.
    """
    return incidents.create(principal().organization_id, page_id, data)


@bp.post("/preview")
@requires("status_pages:post")
@bp.accepts(NewIncidentSchema)
@bp.returns(IncidentPreviewSchema)
@budget("previews of pages", 120)
def preview(data: dict[str, Any], page_id: UUID) -> dict[str, Any]:
    """Preview what subscribers would be told of an incident

    And how many they are; nothing is stored or sent.
    """
    return incident_queries.preview(principal().organization_id, page_id, data)


@bp.get("/<uuid:incident_id>")
@requires("status_pages:read")
@bp.returns(IncidentSchema)
def read(page_id: UUID, incident_id: UUID) -> dict[str, Any]:
    """Read an incident"""
    return incidents.read(_page(page_id), incident_id)


@bp.patch("/<uuid:incident_id>")
@requires("status_pages:post")
@bp.accepts(IncidentChangeSchema(partial=True))
@bp.returns(IncidentSchema)
def update(data: dict[str, Any], page_id: UUID, incident_id: UUID) -> dict[str, Any]:
    """Change an incident

    `is_draft: false` publishes it. Subscribers hear of that, and once of a published post-mortem;
    of other changes only the page tells.
    """
    return incidents.update(principal().organization_id, page_id, incident_id, data)


@bp.put("/<uuid:incident_id>")
@requires("status_pages:post")
@bp.accepts(IncidentReplacementSchema(partial=True))
@bp.returns(IncidentSchema)
def replace(data: dict[str, Any], page_id: UUID, incident_id: UUID) -> dict[str, Any]:
    """Change an incident that was read before

    The same as PATCH; fields that only the server sets may be sent along and are ignored.
    """
    return incidents.update(principal().organization_id, page_id, incident_id, data)


@bp.delete("/<uuid:incident_id>")
@requires("status_pages:admin")
@bp.returns(None, 204)
def delete(page_id: UUID, incident_id: UUID) -> None:
    """Delete an incident

    With all that was said about it. To end one, post an update with the status `resolved`.
    """
    incidents.delete(_page(page_id), incident_id)


@bp.post("/<uuid:incident_id>/updates")
@requires("status_pages:post")
@bp.accepts(IncidentUpdateInputSchema)
@bp.returns(IncidentSchema, 201)
def go_on(data: dict[str, Any], page_id: UUID, incident_id: UUID) -> dict[str, Any]:
    """Post an update to an incident

    The incident takes its status. `resolved` ends it: services are shown as they are measured
    again; another status opens it anew. `notify: false` is a minor update, which tells nobody.
    """
    return incidents.go_on(principal().organization_id, page_id, incident_id, data)


@bp.patch("/<uuid:incident_id>/updates/<uuid:update_id>")
@requires("status_pages:post")
@bp.accepts(IncidentUpdateChangeSchema)
@bp.returns(IncidentSchema)
def edit(data: dict[str, Any], page_id: UUID, incident_id: UUID, update_id: UUID) -> dict[str, Any]:
    """Edit an update of an incident

    The page says when it was edited; subscribers are not told again.
    """
    return incidents.edit(principal().organization_id, page_id, incident_id, update_id, data)


@bp.delete("/<uuid:incident_id>/updates/<uuid:update_id>")
@requires("status_pages:admin")
@bp.returns(None, 204)
def delete_update(page_id: UUID, incident_id: UUID, update_id: UUID) -> None:
    """Delete an update of an incident

    The audit log keeps what it said.
    """
    incidents.delete_update(principal().organization_id, page_id, incident_id, update_id)


@bp.get("/<uuid:incident_id>/post-mortem-draft")
@requires("status_pages:read")
@bp.returns(PostMortemDraftSchema)
def draft_post_mortem(page_id: UUID, incident_id: UUID) -> dict[str, Any]:
    """Draft a post-mortem

    Markdown with the timeline filled in; `PATCH` it into `post_mortem`.
    """
    incident = incidents.read(_page(page_id), incident_id)
    updates = [
        (update["at"].astimezone(UTC), IncidentStatus(update["status"]), update["body"])
        for update in incident["updates"]
    ]
    return {"markdown": post_mortem.draft(incident["title"], incident["started_at"], updates)}


def _page(page_id: UUID) -> Parent:
    return Parent(principal().organization_id, page_id)
