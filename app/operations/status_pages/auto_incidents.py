"""Incidents of pages that follow critical alerts: opened, joined, recovered and resolved."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from app.domain.status_pages import auto_incidents
from app.domain.status_pages.auto_incidents import (
    Action,
    CriticalAlert,
    IncidentStep,
    KnownIncident,
)
from app.domain.status_pages.languages import listing, sentence
from app.domain.status_pages.types import AutoIncidents, IncidentStatus, Severity
from app.models.alerts import Alert
from app.models.status_pages import PageIncident, PageIncidentUpdate, StatusPage
from app.operations.status_pages import incident_notices, incidents, services, snapshots
from app.operations.status_pages.incident_notices import public_names
from app.platform.crypto import random_key
from app.platform.transaction import Transaction, transaction

_STATUS = {
    IncidentStep.JOIN: IncidentStatus.INVESTIGATING,
    IncidentStep.RECOVER: IncidentStatus.MONITORING,
    IncidentStep.RESOLVE: IncidentStatus.RESOLVED,
}


def pages() -> list[UUID]:
    """Return the pages on which something may have to be opened or closed."""
    with transaction() as tx:
        result = tx.scalars(
            "SELECT p.id FROM status_pages p WHERE p.auto_incidents ->> 'mode' <> 'off' AND ("
            " EXISTS (SELECT FROM alerts a WHERE a.organization_id = p.organization_id"
            "  AND a.severity = 'critical' AND a.status <> 'resolved')"
            " OR EXISTS (SELECT FROM page_incidents i WHERE i.status_page_id = p.id"
            "  AND i.is_automatic AND i.resolved_at IS NULL))"
        )
    return result


def advance(page_id: UUID) -> int:
    """Bring the automatic incidents of a page in line with the alerts; return how many changed."""
    with transaction() as tx:
        page = tx.session.get(StatusPage, page_id, with_for_update={"key_share": True})
        if page is None or page.auto_incidents.get("mode") == AutoIncidents.OFF:
            return 0
        now = tx.now()
        rows = list(
            tx.session.scalars(
                select(PageIncident)
                .where(
                    PageIncident.status_page_id == page.id,
                    PageIncident.is_automatic,
                    PageIncident.resolved_at.is_(None),
                )
                .with_for_update(key_share=True)
            )
        )
        actions = auto_incidents.next_actions(
            _open_alerts(tx, page.organization_id),
            [_known(row) for row in rows],
            services.shown(page.sections, services.candidates(tx, page.organization_id)),
            now,
            after=timedelta(minutes=page.auto_incidents.get("after_minutes", 3)),
            resolve_after=timedelta(minutes=page.auto_incidents.get("resolve_minutes", 10)),
        )
        by_id = {row.id: row for row in rows}
        for action in actions:
            if action.incident_id is None:
                _open(tx, page, action, now)
            else:
                _go_on(tx, page, by_id[action.incident_id], action, now)
        if actions:
            snapshots.wanted(tx, page.id)
    return len(actions)


def _open_alerts(tx: Transaction, organization_id: UUID) -> list[CriticalAlert]:
    rows = tx.session.scalars(
        select(Alert).where(
            Alert.organization_id == organization_id,
            Alert.severity == "critical",
            Alert.status != "resolved",
            Alert.service_id.is_not(None),
        )
    )
    return [
        CriticalAlert(row.id, row.suppressed_by or row.id, row.service_id, row.fired_at)
        for row in rows
        if row.service_id is not None
    ]


def _known(row: PageIncident) -> KnownIncident:
    return KnownIncident(
        row.id, frozenset(row.alert_ids), frozenset(row.service_ids), row.recovered_at
    )


def _open(tx: Transaction, page: StatusPage, action: Action, now: datetime) -> None:
    ids = sorted(action.service_ids)
    names = listing(page.language, _few(page, public_names(tx, page, ids)))
    is_draft = page.auto_incidents.get("mode", AutoIncidents.DRAFT) == AutoIncidents.DRAFT
    incident = PageIncident(
        id=uuid4(),
        organization_id=page.organization_id,
        status_page_id=page.id,
        key=f"in_{random_key(64)}",
        title=sentence(page.language, "auto_title", names=names),
        status=IncidentStatus.INVESTIGATING,
        severity=Severity.MAJOR,
        service_ids=ids,
        alert_ids=sorted(action.alert_ids),
        is_draft=is_draft,
        is_automatic=True,
        started_at=now,
        published_at=None if is_draft else now,
    )
    tx.session.add(incident)
    tx.session.flush()
    update = _say(tx, page, incident, IncidentStatus.INVESTIGATING, now)
    if not is_draft:
        incident_notices.created(tx, page, incident, update, now, is_notified=True)


def _go_on(
    tx: Transaction, page: StatusPage, incident: PageIncident, action: Action, now: datetime
) -> None:
    was = incident.recovered_at
    incident.alert_ids = sorted({*incident.alert_ids, *action.alert_ids})
    incident.service_ids = sorted({*incident.service_ids, *action.service_ids})
    if action.step is IncidentStep.JOIN:
        incident.recovered_at = None
        if was is None:
            return  # more is hit: the page shows it, and nothing new is to be said
    elif action.step is IncidentStep.RECOVER:
        incident.recovered_at = now
    update = _say(tx, page, incident, _STATUS[action.step], now)
    incidents.add_update(tx, page, incident, update, now, is_notified=True)


def _say(
    tx: Transaction, page: StatusPage, incident: PageIncident, status: IncidentStatus, now: datetime
) -> PageIncidentUpdate:
    """Add an update in neutral words: what alerts say stays inside."""
    update = PageIncidentUpdate(
        id=uuid4(),
        organization_id=page.organization_id,
        incident_id=incident.id,
        status=status,
        body=sentence(page.language, f"auto_{status.value}"),
        at=now,
    )
    tx.session.add(update)
    tx.session.flush()
    return update


def _few(page: StatusPage, names: Sequence[str]) -> list[str]:
    if len(names) <= 3:
        return list(names)
    return [sentence(page.language, "many_services", count=len(names))]
