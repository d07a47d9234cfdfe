"""Create, change, go on with and resolve the incidents of a page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from app.domain.status_pages.types import IncidentStatus
from app.models.services import Service
from app.models.status_pages import PageIncident, PageIncidentUpdate, StatusPage
from app.operations import rows as owned_rows
from app.operations.status_pages import incident_notices, snapshots
from app.operations.status_pages.incident_queries import (
    find_incident,
    find_update,
    to_json,
    updates_of,
)
from app.platform.crypto import random_key
from app.platform.errors import Conflict
from app.platform.transaction import Transaction, transaction

_COLUMNS = (
    "title", "status", "severity", "service_ids", "service_states", "overall_state", "started_at",
    "next_update_at", "is_draft", "post_mortem",
)  # fmt: skip


def create(organization_id: UUID, page_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Create an incident and return it; published at once unless it is a draft.

    Raises NotFound, Invalid for services of others.
    """
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        now = tx.now()
        incident = PageIncident(
            id=uuid4(),
            organization_id=organization_id,
            status_page_id=page.id,
            key=f"in_{random_key(64)}",
            **{"started_at": now, **_stored(tx, organization_id, data)},
        )
        incident.status = incident.status or IncidentStatus.INVESTIGATING
        tx.session.add(incident)
        _settle(incident, data, now)
        body, is_told = data.get("body", ""), bool(data.get("notify", True))
        update = _said(incident, incident.status, body, incident.started_at, is_minor=not is_told)
        tx.session.add(update)
        tx.session.flush()
        if not incident.is_draft:
            _publish(tx, page, incident, update, now, is_told=is_told)
        snapshots.wanted(tx, page.id)
        found = to_json(tx, page, incident)
    return found


def update(
    organization_id: UUID, page_id: UUID, incident_id: UUID, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Change an incident and return it. Tells nobody, but of what is published by it.

    Raises NotFound, Invalid, Conflict for one that would be a draft again.
    """
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        incident = find_incident(tx, page, incident_id, is_locked=True)
        now = tx.now()
        changes = _stored(tx, organization_id, data)
        was_draft, was_told = incident.is_draft, incident.post_mortem_published_at is not None
        if changes.get("is_draft") and not was_draft:
            raise Conflict("the incident is published already; delete it, or resolve it")
        for name, value in changes.items():
            setattr(incident, name, value)
        _settle(incident, data, now)
        tx.session.flush()
        if was_draft and not incident.is_draft:
            latest = updates_of(tx, incident.id)[0]
            _publish(tx, page, incident, latest, now, is_told=not latest.is_minor)
        elif incident.post_mortem_published_at is not None and not was_told:
            incident_notices.post_mortem(tx, page, incident, now)
        snapshots.wanted(tx, page.id)
        found = to_json(tx, page, incident)
    return found


def go_on(
    organization_id: UUID, page_id: UUID, incident_id: UUID, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Add an update to an incident and return the incident. Raises NotFound, Invalid."""
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        incident = find_incident(tx, page, incident_id, is_locked=True)
        now = tx.now()
        for name, value in _stored(tx, organization_id, data).items():
            setattr(incident, name, value)
        if "next_update_at" not in data:
            incident.next_update_at = None  # the one that was promised has come
        said_at = data.get("at") or now
        update = _said(incident, data["status"], data["body"], said_at, is_minor=not data["notify"])
        tx.session.add(update)
        add_update(tx, page, incident, update, now, is_told=data["notify"])
        if data.get("service_states") is not None:
            incident.stated_at = now
        found = to_json(tx, page, incident)
    return found


def add_update(
    tx: Transaction,
    page: StatusPage,
    incident: PageIncident,
    update: PageIncidentUpdate,
    now: datetime,
    *,
    is_told: bool,
) -> None:
    """Take over the status of a new update, tell of it, and have the page made anew."""
    incident.status = update.status
    _settle(incident, {}, now)
    tx.session.flush()
    if not incident.is_draft:
        incident_notices.update(tx, page, incident, update, now, is_told=is_told)
    snapshots.wanted(tx, page.id)


def edit(
    organization_id: UUID,
    page_id: UUID,
    incident_id: UUID,
    update_id: UUID,
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """Edit what was said, and return the incident; it is marked as edited. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        incident = find_incident(tx, page, incident_id, is_locked=True)
        update = find_update(tx, incident, update_id)
        if any(getattr(update, name) != value for name, value in data.items()):
            for name, value in data.items():
                setattr(update, name, value)
            if not incident.is_draft:
                update.edited_at = tx.now()
            if updates_of(tx, incident.id)[0].id == update.id:
                incident.status = update.status
                _settle(incident, {}, tx.now())
        snapshots.wanted(tx, page.id)
        tx.session.flush()
        found = to_json(tx, page, incident)
    return found


def delete_update(organization_id: UUID, page_id: UUID, incident_id: UUID, update_id: UUID) -> None:
    """Delete what was said. Raises NotFound, Conflict for the only thing that was said."""
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        incident = find_incident(tx, page, incident_id, is_locked=True)
        update = find_update(tx, incident, update_id)
        if len(updates_of(tx, incident.id)) == 1:
            raise Conflict("this is the only update; delete the incident instead")
        tx.session.delete(update)
        tx.session.flush()
        incident.status = updates_of(tx, incident.id)[0].status
        _settle(incident, {}, tx.now())
        snapshots.wanted(tx, page.id)


def delete(organization_id: UUID, page_id: UUID, incident_id: UUID) -> None:
    """Delete an incident with its updates. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        tx.session.delete(find_incident(tx, page, incident_id, is_locked=True))
        snapshots.wanted(tx, page.id)


def _said(
    incident: PageIncident, status: str, body: str, at: datetime, *, is_minor: bool
) -> PageIncidentUpdate:
    return PageIncidentUpdate(
        id=uuid4(),
        organization_id=incident.organization_id,
        incident_id=incident.id,
        status=status,
        body=body,
        at=at,
        is_minor=is_minor,
    )


def _settle(incident: PageIncident, data: Mapping[str, Any], now: datetime) -> None:
    """Bring the moments of an incident in line with what it says of itself."""
    if incident.status == IncidentStatus.RESOLVED:
        incident.resolved_at = incident.resolved_at or now
        incident.next_update_at = None
    else:
        incident.resolved_at = None
    if data.get("service_states") or data.get("overall_state"):
        incident.stated_at = now
    if "is_post_mortem_published" in data:
        is_told = data["is_post_mortem_published"] and bool(incident.post_mortem)
        published_at = incident.post_mortem_published_at or now
        incident.post_mortem_published_at = published_at if is_told else None


def _publish(
    tx: Transaction,
    page: StatusPage,
    incident: PageIncident,
    update: PageIncidentUpdate,
    now: datetime,
    *,
    is_told: bool,
) -> None:
    incident.published_at = incident.published_at or now
    incident_notices.created(tx, page, incident, update, now, is_told=is_told)


def _stored(tx: Transaction, organization_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in data.items() if name in _COLUMNS}
    for field in ("service_ids", "service_states"):
        owned_rows.require(
            tx, Service, organization_id, data.get(field) or (), field=field, what="service"
        )
    if "service_states" in values:
        values["service_states"] = {str(id): state for id, state in data["service_states"].items()}
    return values
