"""Incidents of a page: created, changed, gone on with and resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app.domain.status_pages.types import IncidentStatus
from app.models.services import Service
from app.models.status_pages import PageIncident, PageIncidentUpdate, StatusPage
from app.operations import rows as owned_rows
from app.operations.resource import Parent
from app.operations.rows import References, refused
from app.operations.status_pages import incident_notices, snapshots
from app.operations.status_pages.incident_queries import (
    INCIDENTS,
    find_update,
    to_json,
    updates_of,
)
from app.platform.crypto import random_key
from app.platform.errors import Conflict, InvalidCode
from app.platform.transaction import Transaction, transaction

_CLOCKS_DIFFER = timedelta(minutes=1)  # so far the clock of a caller may be ahead
_COLUMNS = (
    "title", "status", "severity", "service_ids", "service_states", "overall_state", "started_at",
    "next_update_at", "is_draft", "post_mortem",
)  # fmt: skip
_REFERENCES: References = {
    "service_ids": (Service, "service"),
    "service_states": (Service, "service"),
}


listed, read, delete = INCIDENTS.listed, INCIDENTS.read, INCIDENTS.delete


def create(who: Parent, data: Mapping[str, Any]) -> dict[str, Any]:
    """Create an incident and return it; published at once unless it is a draft.

    Raises NotFound, Invalid for services of others, Forbidden where there are as many as there may
    be.
    """
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, who.organization_id, who.id)
        INCIDENTS.refuse_more(tx, who)
        now = tx.now()
        is_notified = bool(data.get("notify", True))
        initial = _first_updates(data, now)
        incident = PageIncident(
            id=uuid4(),
            organization_id=who.organization_id,
            status_page_id=page.id,
            key=f"in_{random_key(64)}",
            **{"started_at": initial[0].at, **_stored(tx, who.organization_id, data)},
        )
        incident.status = initial[-1].status
        _refuse_wrong_times(incident.started_at, initial[0].at, now)
        tx.session.add(incident)
        _update_moments(incident, data, now, said_at=initial[-1].at if data.get("updates") else now)
        updates = [
            _new_update(incident, one.status, one.body, one.at, is_minor=not is_notified)
            for one in initial
        ]
        tx.session.add_all(updates)
        tx.session.flush()
        if not incident.is_draft:
            _publish(tx, page, incident, updates[-1], now, is_notified=is_notified)
        snapshots.wanted(tx, page.id)
        result = to_json(tx, page, incident)
    return result


@dataclass(frozen=True, slots=True)
class _FirstUpdate:
    status: str
    body: str
    at: datetime


def _first_updates(data: Mapping[str, Any], now: datetime) -> list[_FirstUpdate]:
    """Return what an incident is created with, the oldest first, no two at one time."""
    status = data.get("status", IncidentStatus.INVESTIGATING)
    if not data.get("updates"):
        return [_FirstUpdate(status, data.get("body", ""), data.get("started_at", now))]
    updates = sorted(data["updates"], key=lambda one: one.get("at", now))
    result: list[_FirstUpdate] = []
    for one in updates:
        at = one.get("at", now)
        if result and at <= result[-1].at:
            at = result[-1].at + timedelta(microseconds=1)
        result.append(_FirstUpdate(one.get("status", status), one["body"], at))
    return result


def _refuse_wrong_times(started_at: datetime, said_at: datetime, now: datetime) -> None:
    if started_at > now + _CLOCKS_DIFFER or said_at > now + _CLOCKS_DIFFER:
        raise refused(
            "at" if said_at > started_at else "started_at",
            InvalidCode.WRONG_TIME,
            "Lies in the future.",
        )
    if said_at < started_at:
        raise refused("at", InvalidCode.WRONG_TIME, "Lies before the incident began.")


def update(who: Parent, incident_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Change an incident and return it. Tells nobody, but of what is published by it.

    Raises NotFound, Invalid, Conflict for one that would be a draft again or was changed since.
    """
    with transaction() as tx:
        page, incident = _lock(tx, who, incident_id)
        owned_rows.require_unchanged(incident, data)
        now = tx.now()
        changes = _stored(tx, who.organization_id, data, incident)
        was_draft, was_published = incident.is_draft, incident.post_mortem_published_at is not None
        if changes.get("is_draft") and not was_draft:
            raise Conflict("the incident is published already; delete it, or resolve it")
        for name, value in changes.items():
            setattr(incident, name, value)
        if incident.started_at > now + _CLOCKS_DIFFER:
            raise refused("started_at", InvalidCode.WRONG_TIME, "Lies in the future.")
        _update_moments(incident, data, now, said_at=now)
        tx.session.flush()
        if was_draft and not incident.is_draft:
            latest = updates_of(tx, incident.id)[0]
            _publish(tx, page, incident, latest, now, is_notified=not latest.is_minor)
        elif incident.post_mortem_published_at is not None and not was_published:
            incident_notices.post_mortem(tx, page, incident, now)
        snapshots.wanted(tx, page.id)
        result = to_json(tx, page, incident)
    return result


def go_on(who: Parent, incident_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Add an update to an incident and return the incident. Raises NotFound, Invalid."""
    with transaction() as tx:
        page, incident = _lock(tx, who, incident_id)
        now = tx.now()
        for name, value in _stored(tx, who.organization_id, data, incident).items():
            setattr(incident, name, value)
        if "next_update_at" not in data:
            incident.next_update_at = None  # the one that was promised has come
        said_at = data.get("at") or now
        _refuse_wrong_times(incident.started_at, said_at, now)
        update = _new_update(
            incident, data["status"], data["body"], said_at, is_minor=not data["notify"]
        )
        tx.session.add(update)
        add_update(tx, page, incident, update, now, is_notified=data["notify"])
        if data.get("service_states") is not None:
            incident.stated_at = now
        result = to_json(tx, page, incident)
    return result


def add_update(
    tx: Transaction,
    page: StatusPage,
    incident: PageIncident,
    update: PageIncidentUpdate,
    now: datetime,
    *,
    is_notified: bool,
) -> None:
    """Take over the status of a new update, tell of it, and have the page made anew."""
    incident.status = update.status
    _update_moments(incident, {}, now, said_at=update.at)
    tx.session.flush()
    if not incident.is_draft:
        incident_notices.update(tx, page, incident, update, now, is_notified=is_notified)
    snapshots.wanted(tx, page.id)


def edit(
    who: Parent, incident_id: UUID, update_id: UUID, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Edit what was said, and return the incident; it is marked as edited.

    Raises NotFound, Conflict for an update that was changed since.
    """
    with transaction() as tx:
        page, incident = _lock(tx, who, incident_id)
        update = find_update(tx, incident, update_id)
        owned_rows.require_unchanged(update, data)
        changes = {name: value for name, value in data.items() if name in ("body", "status")}
        if any(getattr(update, name) != value for name, value in changes.items()):
            for name, value in changes.items():
                setattr(update, name, value)
            if not incident.is_draft:
                update.edited_at = tx.now()
            if updates_of(tx, incident.id)[0].id == update.id:
                incident.status = update.status
                _update_moments(incident, {}, tx.now(), said_at=update.at)
        snapshots.wanted(tx, page.id)
        tx.session.flush()
        result = to_json(tx, page, incident)
    return result


def delete_update(who: Parent, incident_id: UUID, update_id: UUID) -> None:
    """Delete what was said. Raises NotFound, Conflict for the only thing that was said."""
    with transaction() as tx:
        page, incident = _lock(tx, who, incident_id)
        update = find_update(tx, incident, update_id)
        if len(updates_of(tx, incident.id)) == 1:
            raise Conflict("this is the only update; delete the incident instead")
        tx.session.delete(update)
        tx.session.flush()
        latest = updates_of(tx, incident.id)[0]
        incident.status = latest.status
        _update_moments(incident, {}, tx.now(), said_at=latest.at)
        snapshots.wanted(tx, page.id)


def _lock(tx: Transaction, who: Parent, incident_id: UUID) -> tuple[StatusPage, PageIncident]:
    """Return a page and its incident, locked for a change in this order. Raises NotFound."""
    page = owned_rows.lock(tx, StatusPage, who.organization_id, who.id)
    return page, INCIDENTS.lock(tx, who, incident_id)


def _new_update(
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


def _update_moments(
    incident: PageIncident, data: Mapping[str, Any], now: datetime, *, said_at: datetime
) -> None:
    """Bring the moments of an incident in line with what it says of itself; it was said then."""
    if incident.status == IncidentStatus.RESOLVED:
        incident.resolved_at = incident.resolved_at or max(said_at, incident.started_at)
        incident.next_update_at = None
    else:
        incident.resolved_at = None
    if data.get("service_states") or data.get("overall_state"):
        incident.stated_at = now
    if "is_post_mortem_published" in data:
        is_published = data["is_post_mortem_published"] and bool(incident.post_mortem)
        published_at = incident.post_mortem_published_at or now
        incident.post_mortem_published_at = published_at if is_published else None


def _publish(
    tx: Transaction,
    page: StatusPage,
    incident: PageIncident,
    update: PageIncidentUpdate,
    now: datetime,
    *,
    is_notified: bool,
) -> None:
    incident.published_at = incident.published_at or now
    incident_notices.created(tx, page, incident, update, now, is_notified=is_notified)


def _stored(
    tx: Transaction,
    organization_id: UUID,
    data: Mapping[str, Any],
    incident: PageIncident | None = None,
) -> dict[str, Any]:
    """Return the columns of what a caller sends. Raises Invalid for services of others.

    Services that an incident names already may be deleted by now: it goes on all the same.
    """
    values = {name: value for name, value in data.items() if name in _COLUMNS}
    named = {*incident.service_ids, *map(UUID, incident.service_states)} if incident else set()
    added = {name: [id for id in data.get(name) or () if id not in named] for name in _REFERENCES}
    owned_rows.require_references(tx, organization_id, added, _REFERENCES)
    if "service_states" in values:
        values["service_states"] = {str(id): state for id, state in data["service_states"].items()}
    return values
