"""Preview of an unsaved maintenance window: its next occurrences, and what it would cover."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.domain.maintenance import windows as decisions
from app.domain.maintenance.windows import MaintenanceWindow, Occurrence
from app.models.heartbeats import Heartbeat
from app.models.services import Service
from app.operations.maintenance import windows
from app.platform.transaction import Transaction, transaction


def preview(organization_id: UUID, data: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Return when a window would be active next, and how much it would cover.

    Raises Invalid for a window that makes no sense, or for services of somebody else.
    """
    with transaction() as tx:
        now = tx.now()
        window = windows.validated(tx, organization_id, data, now)
        services, heartbeats = _covered(tx, organization_id, window)
    current = decisions.occurrence_at(window, now)
    occurrences: list[Occurrence] = [current] if current else []
    while len(occurrences) < count:
        after = occurrences[-1].starts_at if occurrences else now
        following = decisions.next_occurrence(window, max(after, now))
        if following is None:
            break
        occurrences.append(following)
    return {
        "occurrences": [{"starts_at": o.starts_at, "ends_at": o.ends_at} for o in occurrences],
        "services_count": services,
        "heartbeats_count": heartbeats,
    }


def _covered(tx: Transaction, organization_id: UUID, window: MaintenanceWindow) -> tuple[int, int]:
    """Return how many services and heartbeats a window covers."""
    tags = list(window.tags)
    services = select(func.count()).where(Service.organization_id == organization_id)
    heartbeats = select(func.count()).where(Heartbeat.organization_id == organization_id)
    if window.service_ids or window.heartbeat_ids or tags:
        services = services.where(Service.id.in_(window.service_ids) | Service.tags.overlap(tags))
        heartbeats = heartbeats.where(
            Heartbeat.id.in_(window.heartbeat_ids) | Heartbeat.tags.overlap(tags)
        )
    return tx.session.scalar(services) or 0, tx.session.scalar(heartbeats) or 0
