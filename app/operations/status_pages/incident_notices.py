"""Whom an incident is told to: the organization's channels and the live feed."""

from datetime import datetime
from typing import Any

from app.domain.status_pages.types import IncidentStatus, Severity
from app.models.status_pages import PageIncident, PageIncidentUpdate, StatusPage
from app.operations.notifications import enqueue
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import Transaction

_WEIGHTS = {Severity.CRITICAL: "critical", Severity.MAJOR: "warning", Severity.MINOR: "info"}


def created(
    tx: Transaction,
    page: StatusPage,
    incident: PageIncident,
    update: PageIncidentUpdate,
    now: datetime,
    *,
    is_told: bool,
) -> None:
    """Tell that an incident was published."""
    _tell(tx, "incident.created", incident, update.body, now)


def update(
    tx: Transaction,
    page: StatusPage,
    incident: PageIncident,
    update: PageIncidentUpdate,
    now: datetime,
    *,
    is_told: bool,
) -> None:
    """Tell how an incident goes on, or that it is over."""
    is_over = update.status == IncidentStatus.RESOLVED
    _tell(tx, "incident.resolved" if is_over else "incident.updated", incident, update.body, now)


def post_mortem(tx: Transaction, page: StatusPage, incident: PageIncident, now: datetime) -> None:
    """Tell that a post-mortem was published."""
    _tell(tx, "incident.updated", incident, incident.post_mortem, now)


def _tell(tx: Transaction, event: str, incident: PageIncident, body: str, now: datetime) -> None:
    told: dict[str, Any] = {
        "id": incident.id,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "status_page_id": incident.status_page_id,
        "service_ids": incident.service_ids,
        "body": body,
        "created_at": incident.published_at or now,
    }
    enqueue.announce(
        tx,
        incident.organization_id,
        event,
        _WEIGHTS[Severity(incident.severity)],
        now,
        subject_key=f"incident:{incident.id}",
        step=enqueue.step_at(now),
        incident=told,
    )
    published = Event(incident.organization_id, event, told, at=now)
    tx.after_commit(lambda: runtime().feed.publish([published]))
