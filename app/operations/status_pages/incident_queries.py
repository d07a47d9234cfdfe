"""Incidents of a page as their owners read them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.models.services import Service
from app.models.status_pages import PageIncident, PageIncidentUpdate, StatusPage
from app.operations import rows as owned_rows
from app.operations.rows import Position, columns
from app.operations.status_pages import addresses, incident_notices
from app.platform.errors import NotFound
from app.platform.transaction import Transaction, transaction

_INTERNAL = ("stated_at", "alert_ids", "recovered_at")
_UPDATE = ("id", "status", "body", "at", "edited_at", "is_minor", "created_at", "updated_at")


def listed(
    organization_id: UUID,
    page_id: UUID,
    wanted: Mapping[str, Any],
    *,
    limit: int,
    after: Position | None,
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of a page's incidents, newest first, where to go on, their number.

    Raises NotFound.
    """
    where = [PageIncident.status_page_id == page_id]
    if "is_draft" in wanted:
        where.append(PageIncident.is_draft.is_(wanted["is_draft"]))
    if "is_open" in wanted:
        is_open = PageIncident.resolved_at.is_(None)
        where.append(is_open if wanted["is_open"] else ~is_open)
    with transaction() as tx:
        page = owned_rows.find(tx, StatusPage, organization_id, page_id)
        rows, position, total = owned_rows.page(
            tx, PageIncident, organization_id, *where, limit=limit, after=after
        )
        found = [to_json(tx, page, row) for row in rows]
    return found, position, total


def read(organization_id: UUID, page_id: UUID, incident_id: UUID) -> dict[str, Any]:
    """Return an incident. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.find(tx, StatusPage, organization_id, page_id)
        found = to_json(tx, page, find_incident(tx, page, incident_id))
    return found


def preview(organization_id: UUID, page_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what subscribers would be told of an incident, and how many. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.find(tx, StatusPage, organization_id, page_id)
        owned_rows.require(
            tx, Service, organization_id, data.get("service_ids") or (),
            field="service_ids", what="service",
        )  # fmt: skip
        found = incident_notices.preview(tx, page, data)
    return found


def to_json(tx: Transaction, page: StatusPage, incident: PageIncident) -> dict[str, Any]:
    """Return an incident as its owner reads it."""
    stored = {name: value for name, value in columns(incident).items() if name not in _INTERNAL}
    page_address = addresses.of_page(page).rstrip("/")
    return stored | {
        "url": f"{page_address}/incidents/{incident.key}",
        "is_post_mortem_published": incident.post_mortem_published_at is not None,
        "updates": [
            {name: value for name, value in columns(row).items() if name in _UPDATE}
            for row in updates_of(tx, incident.id)
        ],
    }


def find_incident(
    tx: Transaction, page: StatusPage, incident_id: UUID, *, is_locked: bool = False
) -> PageIncident:
    """Return an incident of a page. Raises NotFound."""
    query = select(PageIncident).where(
        PageIncident.id == incident_id, PageIncident.status_page_id == page.id
    )
    if is_locked:
        query = query.with_for_update(key_share=True)
    found = tx.session.scalar(query)
    if found is None:
        raise NotFound
    return found


def find_update(tx: Transaction, incident: PageIncident, update_id: UUID) -> PageIncidentUpdate:
    """Return an update of an incident. Raises NotFound."""
    found = tx.session.get(PageIncidentUpdate, update_id)
    if found is None or found.incident_id != incident.id:
        raise NotFound
    return found


def updates_of(tx: Transaction, incident_id: UUID) -> list[PageIncidentUpdate]:
    """Return what was said about an incident, newest first."""
    return list(
        tx.session.scalars(
            select(PageIncidentUpdate)
            .where(PageIncidentUpdate.incident_id == incident_id)
            .order_by(PageIncidentUpdate.at.desc(), PageIncidentUpdate.created_at.desc())
        )
    )
