"""Incidents of a page: as a resource, and as their owners read them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.models.services import Service
from app.models.status_pages import PageIncident, PageIncidentUpdate, StatusPage
from app.operations import rows as owned_rows
from app.operations.resource import ChildResource, Most, Parent
from app.operations.rows import columns
from app.operations.status_pages import addresses, incident_notices, snapshots
from app.platform.errors import NotFound
from app.platform.transaction import Transaction, transaction

_INTERNAL = ("stated_at", "alert_ids", "recovered_at")
_UPDATE = ("id", "status", "body", "at", "edited_at", "is_minor", "created_at", "updated_at")


class _Incidents(ChildResource[PageIncident]):
    """Incidents of a page; each change locks the page first, and has it made anew."""

    model = PageIncident
    most = Most(100_000, "incidents")
    parent = StatusPage
    parent_column = "status_page_id"

    def conditions(self, who: Parent, filters: Mapping[str, Any]) -> Sequence[ColumnElement[bool]]:
        where = [*super().conditions(who, {})]
        if "is_draft" in filters:
            where.append(PageIncident.is_draft.is_(filters["is_draft"]))
        if "is_open" in filters:
            is_open = PageIncident.resolved_at.is_(None)
            where.append(is_open if filters["is_open"] else ~is_open)
        return where

    def begin(self, tx: Transaction, who: Parent) -> None:
        owned_rows.lock(tx, StatusPage, who.organization_id, who.id)

    def deleting(self, tx: Transaction, who: Parent, row: PageIncident) -> None:
        snapshots.wanted(tx, who.id)

    def to_json(
        self, tx: Transaction, who: Parent, rows: Sequence[PageIncident]
    ) -> list[dict[str, Any]]:
        page = owned_rows.find(tx, StatusPage, who.organization_id, who.id)
        return [to_json(tx, page, row) for row in rows]


INCIDENTS = _Incidents()


def preview(organization_id: UUID, page_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what subscribers would be told of an incident, and how many. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.find(tx, StatusPage, organization_id, page_id)
        owned_rows.require(
            tx, Service, organization_id, data.get("service_ids") or (),
            field="service_ids", what="service",
        )  # fmt: skip
        result = incident_notices.preview(tx, page, data)
    return result


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


def find_update(tx: Transaction, incident: PageIncident, update_id: UUID) -> PageIncidentUpdate:
    """Return an update of an incident. Raises NotFound."""
    result = tx.session.get(PageIncidentUpdate, update_id)
    if result is None or result.incident_id != incident.id:
        raise NotFound
    return result


def updates_of(tx: Transaction, incident_id: UUID) -> list[PageIncidentUpdate]:
    """Return what was said about an incident, newest first."""
    return list(
        tx.session.scalars(
            select(PageIncidentUpdate)
            .where(PageIncidentUpdate.incident_id == incident_id)
            .order_by(PageIncidentUpdate.at.desc(), PageIncidentUpdate.created_at.desc())
        )
    )
