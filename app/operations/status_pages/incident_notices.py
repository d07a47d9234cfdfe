"""Notices of an incident: to subscribers, the organization's channels, the live feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.status_pages.languages import listing, sentence
from app.domain.status_pages.types import IncidentStatus, Severity, Wants
from app.models.services import Service
from app.models.status_pages import PageIncident, PageIncidentUpdate, StatusPage
from app.operations.notifications import enqueue
from app.operations.status_pages import services, subscriber_messages
from app.platform.bootstrap import runtime
from app.platform.events import Event, timestamp
from app.platform.transaction import Transaction

_WEIGHTS = {Severity.CRITICAL: "critical", Severity.MAJOR: "warning", Severity.MINOR: "info"}


def created(
    tx: Transaction,
    page: StatusPage,
    incident: PageIncident,
    update: PageIncidentUpdate,
    now: datetime,
    *,
    is_notified: bool,
) -> None:
    """Tell that an incident was published."""
    _enqueue(tx, page, "incident.created", incident, update.status, update.body, now, is_notified)


def update(
    tx: Transaction,
    page: StatusPage,
    incident: PageIncident,
    update: PageIncidentUpdate,
    now: datetime,
    *,
    is_notified: bool,
) -> None:
    """Tell how an incident goes on, or that it is over."""
    is_over = update.status == IncidentStatus.RESOLVED
    event = "incident.resolved" if is_over else "incident.updated"
    _enqueue(tx, page, event, incident, update.status, update.body, now, is_notified)


def post_mortem(tx: Transaction, page: StatusPage, incident: PageIncident, now: datetime) -> None:
    """Tell that a post-mortem was published."""
    _enqueue(tx, page, "incident.updated", incident, "post_mortem", incident.post_mortem, now, True)


def preview(tx: Transaction, page: StatusPage, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what subscribers would get about an incident, and how many they are."""
    affected = data.get("service_ids", [])
    recipients = subscriber_messages.recipients(tx, page, Wants.INCIDENTS, affected)
    names = public_names(tx, page, affected)
    status = data.get("status", IncidentStatus.INVESTIGATING)
    return {
        "recipients": len(recipients) if page.notify.get("incidents", True) else 0,
        "subject": f"[{page.name}] {data['title']}",
        "text": _text(page, status, data.get("body", ""), names, data.get("next_update_at")),
    }


def public_names(tx: Transaction, page: StatusPage, ids: Sequence[UUID]) -> list[str]:
    """Return the public names of those services that a page shows."""
    wanted = set(ids) & set(
        services.shown(page.sections, services.candidates(tx, page.organization_id))
    )
    rows = tx.session.execute(select(Service.id, Service.name).where(Service.id.in_(wanted)))
    named = {id: page.services.get(str(id), {}).get("name") or name for id, name in rows}
    return [named[id] for id in ids if id in named]


def _enqueue(
    tx: Transaction,
    page: StatusPage,
    event: str,
    incident: PageIncident,
    status: str,
    body: str,
    now: datetime,
    is_notified: bool,
) -> None:
    if is_notified and page.notify.get("incidents", True):
        names = public_names(tx, page, incident.service_ids)
        subscriber_messages.enqueue_update(
            tx,
            page,
            topic=Wants.INCIDENTS,
            event=event,
            subject_key=f"page-incident:{incident.key}",
            path=f"incidents/{incident.key}",
            title=incident.title,
            text=_text(page, status, body, names, incident.next_update_at),
            affected=incident.service_ids,
            data={"incident": _public(page, incident, body, names)},
            now=now,
        )
    document: dict[str, Any] = {
        "id": incident.id,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "status_page_id": incident.status_page_id,
        "service_ids": incident.service_ids,
        "body": body,
        "created_at": incident.published_at or now,
    }
    enqueue.event(
        tx,
        incident.organization_id,
        event,
        _WEIGHTS[Severity(incident.severity)],
        now,
        subject_key=f"incident:{incident.id}",
        step=enqueue.step_at(now),
        incident=document,
    )
    published = Event(incident.organization_id, event, document, at=now)
    tx.after_commit(lambda: runtime().feed.publish([published]))


def _text(
    page: StatusPage,
    status: str,
    body: str,
    names: Sequence[str],
    next_update_at: datetime | None,
) -> str:
    language = page.language
    lines = [f"{sentence(language, status)}", body.strip()]
    if names:
        lines.append(sentence(language, "affected", names=listing(language, names)))
    if next_update_at is not None:
        at = subscriber_messages.moment(page, next_update_at)
        lines.append(sentence(language, "next_update", at=at))
    return "\n\n".join(line for line in lines if line)


def _public(
    page: StatusPage, incident: PageIncident, body: str, names: Sequence[str]
) -> dict[str, Any]:
    return {
        "id": incident.key,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "body": body,
        "services": list(names),
        "started_at": timestamp(incident.started_at),
        "resolved_at": timestamp(incident.resolved_at) if incident.resolved_at else None,
    }
