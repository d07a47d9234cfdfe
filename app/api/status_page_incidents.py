"""/status-pages/{page_id}/incidents: what people are told on a page."""

from datetime import UTC
from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.api.status_pages import parent_page
from app.domain.status_pages import post_mortem
from app.domain.status_pages.types import IncidentStatus
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


add_routes(
    bp,
    ResourceRoutes(
        noun="an incident",
        plural="incidents of a status page",
        permission="status_pages",
        writes="status_pages:post",
        deletes="status_pages:admin",
        id_name="incident_id",
        answer=IncidentSchema,
        filter=IncidentFilterSchema,
        body=NewIncidentSchema,
        change=IncidentChangeSchema(partial=True),
        replacement=IncidentReplacementSchema(partial=True),
        owner=parent_page,
        operations=Operations.of(incidents),
        ordered="Newest first, drafts among them.",
        patch="update",
        notes={
            "create": "It is on the page within seconds, and subscribers are told, unless it is a "
            "draft. One that began\nearlier brings its `updates` along.",
            "change": "`is_draft: false` publishes it. Subscribers hear of that, and once of a "
            "published post-mortem;\nof other changes only the page tells.",
            "delete": "With all that was said about it. To end one, post an update with the status "
            "`resolved`.",
        },
    ),
)


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


@bp.post("/<uuid:incident_id>/updates")
@requires("status_pages:post")
@bp.accepts(IncidentUpdateInputSchema)
@bp.returns(IncidentSchema, 201)
def go_on(data: dict[str, Any], page_id: UUID, incident_id: UUID) -> dict[str, Any]:
    """Post an update to an incident

    The incident takes its status. `resolved` ends it: services are shown as they are measured
    again; another status opens it anew. `notify: false` is a minor update, which tells nobody.
    """
    return incidents.go_on(parent_page(page_id), incident_id, data)


@bp.patch("/<uuid:incident_id>/updates/<uuid:update_id>")
@requires("status_pages:post")
@bp.accepts(IncidentUpdateChangeSchema)
@bp.returns(IncidentSchema)
def edit(data: dict[str, Any], page_id: UUID, incident_id: UUID, update_id: UUID) -> dict[str, Any]:
    """Edit an update of an incident

    The page says when it was edited; subscribers are not told again.
    """
    return incidents.edit(parent_page(page_id), incident_id, update_id, data)


@bp.delete("/<uuid:incident_id>/updates/<uuid:update_id>")
@requires("status_pages:admin")
@bp.returns(None, 204)
def delete_update(page_id: UUID, incident_id: UUID, update_id: UUID) -> None:
    """Delete an update of an incident

    The audit log keeps what it said.
    """
    incidents.delete_update(parent_page(page_id), incident_id, update_id)


@bp.get("/<uuid:incident_id>/post-mortem-draft")
@requires("status_pages:read")
@bp.returns(PostMortemDraftSchema)
def draft_post_mortem(page_id: UUID, incident_id: UUID) -> dict[str, Any]:
    """Draft a post-mortem

    Markdown with the timeline filled in; `PATCH` it into `post_mortem`.
    """
    incident = incidents.read(parent_page(page_id), incident_id)
    updates = [
        (update["at"].astimezone(UTC), IncidentStatus(update["status"]), update["body"])
        for update in incident["updates"]
    ]
    return {"markdown": post_mortem.draft(incident["title"], incident["started_at"], updates)}
