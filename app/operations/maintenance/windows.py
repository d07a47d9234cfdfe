"""Create, change, end and delete maintenance windows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.maintenance import windows as decisions
from app.domain.maintenance.windows import WindowError, WindowStatus
from app.models.maintenance_windows import MaintenanceWindow
from app.models.services import Service
from app.operations import rows as owned_rows
from app.operations.maintenance import announcements as maintenance_announcements
from app.operations.rows import Position, columns, refused
from app.operations.snapshots import alerting as alerting_snapshots
from app.platform.errors import Conflict
from app.platform.transaction import Transaction, transaction

Columns = Mapping[str, Any]

_TIMES = ("starts_at", "ends_at", "recurrence", "duration_minutes", "timezone")
_INTERNAL = ("next_edge_at", "announced_start_at")
_DEFAULTS: Columns = {
    "ends_at": None,
    "recurrence": None,
    "duration_minutes": None,
    "timezone": "UTC",
    "service_ids": [],
    "tags": [],
}


def listed(
    organization_id: UUID, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of windows, newest first, where to go on (None at the end), their number."""
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, MaintenanceWindow, organization_id, limit=limit, after=after
        )
        now = tx.now()
        found = [_answer(row, now) for row in rows]
    return found, position, total


def read(organization_id: UUID, window_id: UUID) -> dict[str, Any]:
    """Return a window. Raises NotFound."""
    with transaction() as tx:
        row = owned_rows.find(tx, MaintenanceWindow, organization_id, window_id)
        found = _answer(row, tx.now())
    return found


def create(organization_id: UUID, given: Columns) -> dict[str, Any]:
    """Create a window and return its answer. Raises Invalid for one that makes no sense."""
    with transaction() as tx:
        alerting_snapshots.changed(tx, organization_id)
        now = tx.now()
        whole = _whole(tx, organization_id, given, now)
        window = MaintenanceWindow(organization_id=organization_id, **whole)
        tx.session.add(window)
        tx.session.flush()
        maintenance_announcements.settle(tx, window, now, now)
        found = _answer(window, now)
    return found


def validated(
    tx: Transaction, organization_id: UUID, given: Columns, now: datetime
) -> decisions.MaintenanceWindow:
    """Return an unsaved window as the domain reads it. Raises Invalid where it makes no sense."""
    return _read({**_whole(tx, organization_id, given, now), "ended_at": None})


def _whole(tx: Transaction, organization_id: UUID, given: Columns, now: datetime) -> dict[str, Any]:
    """Return a new window with its defaults. Raises Invalid for one that makes no sense."""
    _check_services(tx, organization_id, given)
    whole = {**_DEFAULTS, **given}
    if whole.get("starts_at") is None and whole["recurrence"] is not None:
        whole["starts_at"] = decisions.default_start(now, whole["timezone"])
    _judge(whole)
    return whole


def update(organization_id: UUID, window_id: UUID, given: Columns) -> dict[str, Any]:
    """Change a window and return its answer. Other times make one that was ended come again.

    Raises NotFound, Invalid for a window that makes no sense.
    """
    with transaction() as tx:
        alerting_snapshots.changed(tx, organization_id)
        window = owned_rows.lock(tx, MaintenanceWindow, organization_id, window_id)
        stored = columns(window)
        changes = {name: value for name, value in given.items() if value != stored[name]}
        _check_services(tx, organization_id, changes)
        if any(name in changes for name in _TIMES):
            _judge({**stored, **changes})
            changes["ended_at"] = None
        for name, value in changes.items():
            setattr(window, name, value)
        now = tx.now()
        maintenance_announcements.settle(tx, window, now, now)
        found = _answer(window, now)
    return found


def end(organization_id: UUID, window_id: UUID) -> dict[str, Any]:
    """End what goes on now, and a window that comes once for good; return its answer.

    Ending twice changes nothing. Raises NotFound, Conflict for a recurring window that is not
    active.
    """
    with transaction() as tx:
        alerting_snapshots.changed(tx, organization_id)
        window = owned_rows.lock(tx, MaintenanceWindow, organization_id, window_id)
        now = tx.now()
        status = decisions.status(_read(columns(window)), now)
        if window.recurrence is not None and status is not WindowStatus.ACTIVE:
            raise Conflict("the window is not active now; delete it, or change its recurrence")
        if status is not WindowStatus.ENDED:
            window.ended_at = now
            maintenance_announcements.settle(tx, window, now, now)
        found = _answer(window, now)
    return found


def delete(organization_id: UUID, window_id: UUID) -> None:
    """Delete a window; one that is active ends with it. Raises NotFound."""
    with transaction() as tx:
        alerting_snapshots.changed(tx, organization_id)
        window = owned_rows.lock(tx, MaintenanceWindow, organization_id, window_id)
        maintenance_announcements.close(tx, window, tx.now())
        tx.session.delete(window)


def _judge(whole: Columns) -> None:
    try:
        decisions.check(_read({**whole, "ended_at": None}))
    except WindowError as error:
        sentence = f"{error.message[:1].upper()}{error.message[1:]}."
        raise refused(error.field, sentence) from None


def _read(whole: Columns) -> decisions.MaintenanceWindow:
    return decisions.parse(
        starts_at=whole.get("starts_at"),
        ends_at=whole["ends_at"],
        recurrence=whole["recurrence"],
        duration_minutes=whole["duration_minutes"],
        timezone=whole["timezone"],
        service_ids=whole["service_ids"],
        tags=whole["tags"],
        ended_at=whole["ended_at"],
    )


def _check_services(tx: Transaction, organization_id: UUID, given: Columns) -> None:
    owned_rows.require(
        tx,
        Service,
        organization_id,
        given.get("service_ids", ()),
        field="service_ids",
        what="service",
    )


def _answer(row: MaintenanceWindow, now: datetime) -> dict[str, Any]:
    found = {name: value for name, value in columns(row).items() if name not in _INTERNAL}
    window = _read(found)
    current = decisions.occurrence_at(window, now)
    following = decisions.next_occurrence(window, now)
    shown = current or following
    status = WindowStatus.SCHEDULED if following else WindowStatus.ENDED
    return found | {
        "status": WindowStatus.ACTIVE if current else status,
        "is_active": current is not None,
        "next_start_at": following.starts_at if following else None,
        "next_end_at": shown.ends_at if shown else None,
    }
