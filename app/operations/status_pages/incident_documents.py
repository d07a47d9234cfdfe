"""Incidents as a page shows them: what was published, with public names only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from app.domain.status_pages.maintenance import REMEMBERED
from app.models.status_pages import PageIncident, PageIncidentUpdate
from app.platform.crypto import digest
from app.platform.transaction import Transaction

_MOST = 500


def published(tx: Transaction, page_id: UUID, now: datetime) -> list[PageIncident]:
    """Return the published incidents of a page, newest first: the open ones and those of a year.

    Of too many the open ones come first, however long ago they began.
    """
    query = (
        select(PageIncident)
        .where(
            PageIncident.status_page_id == page_id,
            ~PageIncident.is_draft,
            or_(PageIncident.resolved_at.is_(None), PageIncident.resolved_at > now - REMEMBERED),
        )
        .order_by(
            PageIncident.resolved_at.is_not(None), PageIncident.started_at.desc(), PageIncident.id
        )
        .limit(_MOST)
    )
    found = tx.session.scalars(query).all()
    return sorted(found, key=lambda incident: incident.started_at, reverse=True)


def to_json(
    tx: Transaction, incidents: Sequence[PageIncident], shown: Mapping[UUID, Any]
) -> list[dict[str, Any]]:
    """Return incidents with their updates, newest first. `shown` are the services of the page."""
    updates: dict[UUID, list[PageIncidentUpdate]] = {incident.id: [] for incident in incidents}
    rows = tx.session.scalars(
        select(PageIncidentUpdate)
        .where(PageIncidentUpdate.incident_id.in_(updates))
        .order_by(PageIncidentUpdate.at.desc(), PageIncidentUpdate.created_at.desc())
    )
    for row in rows:
        updates[row.incident_id].append(row)
    return [_to_json(incident, updates[incident.id], shown) for incident in incidents]


def _key(id: UUID) -> str:
    """Return the public key of an update; nobody can tell the id from it."""
    return f"up_{digest(f'page update:{id}')[:16]}"


def _to_json(
    incident: PageIncident, updates: Sequence[PageIncidentUpdate], shown: Mapping[UUID, Any]
) -> dict[str, Any]:
    # A draft of a post-mortem is nobody's business yet.
    is_published = incident.post_mortem_published_at is not None
    moments = [incident.published_at or incident.started_at, incident.post_mortem_published_at]
    moments += [moment for update in updates for moment in (update.at, update.edited_at)]
    return {
        "key": incident.key,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "started_at": incident.started_at,
        "published_at": incident.published_at,
        "resolved_at": incident.resolved_at,
        "next_update_at": incident.next_update_at,
        "updated_at": max(moment for moment in moments if moment is not None),
        "affected": [
            {"key": shown[id].key, "state": incident.service_states.get(str(id))}
            for id in incident.service_ids
            if id in shown
        ],
        "updates": [
            {
                "key": _key(update.id),
                "status": update.status,
                "body": update.body,
                "at": update.at,
                "edited_at": update.edited_at,
            }
            for update in updates
        ],
        "post_mortem": incident.post_mortem if is_published else "",
        "post_mortem_published_at": incident.post_mortem_published_at,
    }
