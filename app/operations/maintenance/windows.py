"""Create, change, end and delete maintenance windows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.maintenance import windows as decisions
from app.domain.maintenance.windows import WindowError, WindowStatus
from app.models.heartbeats import Heartbeat
from app.models.maintenance_windows import MaintenanceWindow
from app.models.services import Service
from app.operations import rows as owned_rows
from app.operations.maintenance import announcements as maintenance_announcements
from app.operations.rows import Position, columns, lock_organization, refused
from app.operations.snapshots import alerting as alerting_snapshots
from app.operations.status_pages import maintenance_notices
from app.platform.errors import Conflict
from app.platform.transaction import Transaction, transaction

Columns = Mapping[str, Any]

_TIMES = ("starts_at", "ends_at", "recurrence", "duration_minutes", "timezone", "exdates")
_INTERNAL = ("next_edge_at", "announced_start_at")
_DEFAULTS: Columns = {
    "ends_at": None,
    "recurrence": None,
    "duration_minutes": None,
    "timezone": "UTC",
    "service_ids": [],
    "tags": [],
    "heartbeat_ids": [],
    "exdates": [],
}
_OVER = (
    "Lies in the past: a window silences what is to come. What was maintenance is put right with"
    " POST /services/{id}/corrections."
)


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
    """Create a window and return its answer.

    Raises Invalid for one that makes no sense, or that is over already: it would do nothing.
    """
    return _create(organization_id, given, may_be_over=False)


def create_from_file(organization_id: UUID, given: Columns) -> dict[str, Any]:
    """Create a window of a configuration file, which may be over. Raises Invalid as `create`."""
    return _create(organization_id, given, may_be_over=True)


def create_now(organization_id: UUID, given: Columns, minutes: int) -> dict[str, Any]:
    """Create a window that is active from now on; return its answer. Raises Invalid as `create`."""
    with transaction() as tx:
        now = tx.now()
    times = {"starts_at": now, "ends_at": now + timedelta(minutes=minutes)}
    return _create(organization_id, {**given, **times}, may_be_over=False)


def _create(organization_id: UUID, given: Columns, *, may_be_over: bool) -> dict[str, Any]:
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        now = tx.now()
        whole = _whole(tx, organization_id, given, now)
        if not may_be_over:
            _refuse_past(whole, now)
        window = MaintenanceWindow(organization_id=organization_id, **whole)
        tx.session.add(window)
        tx.session.flush()
        maintenance_announcements.update(tx, window, now, now)
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
    _validate(whole)
    return whole


def update(organization_id: UUID, window_id: UUID, given: Columns) -> dict[str, Any]:
    """Change a window and return its answer.

    Other times make one that was ended by hand silence again only if they lie ahead, or with
    `reopen`. Raises NotFound; Invalid for a window that makes no sense, or does nothing; Conflict
    for one that was ended by hand and would be active again.
    """
    given = dict(given)
    reopen = given.pop("reopen", False)
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        window = owned_rows.lock(tx, MaintenanceWindow, organization_id, window_id)
        stored = columns(window)
        changes = {name: value for name, value in given.items() if value != stored[name]}
        _check_services(tx, organization_id, changes)
        now = tx.now()
        if reopen:
            changes["ended_at"] = None
        if any(name in changes for name in _TIMES):
            _validate({**stored, **changes})
            if decisions.occurrence_at(_read(stored), now) is None:  # else it ends with that
                _refuse_past({**stored, **changes}, now)
            changes |= _end_kept({**stored, **changes}, now)
        if "status_page_ids" in changes:
            gone = set(window.status_page_ids) - set(changes["status_page_ids"])
            maintenance_notices.withdraw(tx, window, gone, now)
        for name, value in changes.items():
            setattr(window, name, value)
        maintenance_announcements.update(tx, window, now, now)
        found = _answer(window, now)
    return found


def _end_kept(whole: Columns, now: datetime) -> dict[str, Any]:
    """Return what new times make of the end by hand of a window. Raises Conflict.

    What somebody has ended does not silence again without a word; times ahead are a new window.
    """
    ended_at = whole["ended_at"]
    if ended_at is None:
        return {}
    if decisions.occurrence_at(_read({**whole, "ended_at": None}), now) is not None:
        raise Conflict(
            f"the window was ended by hand at {ended_at:%Y-%m-%dT%H:%M:%SZ}; send reopen: true to"
            " let it begin again"
        )
    return {"ended_at": None} if whole["recurrence"] is None else {}


def skip(organization_id: UUID, window_id: UUID, starts_at: datetime | None) -> dict[str, Any]:
    """Skip an occurrence of a recurring window, the next one by default; return its answer.

    Raises NotFound, Conflict for a window that comes once or not again, Invalid for a time at which
    none begins.
    """
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        window = owned_rows.lock(tx, MaintenanceWindow, organization_id, window_id)
        if window.recurrence is None:
            raise Conflict("this window comes once; end or delete it")
        now = tx.now()
        known = _read(columns(window))
        if starts_at is None:
            following = decisions.next_occurrence(known, now)
            if following is None:
                raise Conflict("this window does not come again")
            starts_at = following.starts_at
        found = decisions.next_occurrence(known, starts_at - timedelta(microseconds=1))
        if found is None or found.starts_at != starts_at:
            raise refused("starts_at", "The window does not begin at this time.")
        if len(window.exdates) >= decisions.MAX_EXDATES:
            raise Conflict(f"at most {decisions.MAX_EXDATES} occurrences are skipped")
        window.exdates = sorted({*window.exdates, starts_at})
        maintenance_announcements.update(tx, window, now, now)
        found_answer = _answer(window, now)
    return found_answer


def end(organization_id: UUID, window_id: UUID) -> dict[str, Any]:
    """End what goes on now, and a window that comes once for good; return its answer.

    Ending twice changes nothing. Raises NotFound, Conflict for a recurring window that is not
    active.
    """
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        window = owned_rows.lock(tx, MaintenanceWindow, organization_id, window_id)
        now = tx.now()
        status = decisions.status(_read(columns(window)), now)
        if window.recurrence is not None and status is not WindowStatus.ACTIVE:
            raise Conflict("the window is not active now; delete it, or change its recurrence")
        if status is not WindowStatus.ENDED:
            window.ended_at = now
            maintenance_announcements.update(tx, window, now, now)
        found = _answer(window, now)
    return found


def delete(organization_id: UUID, window_id: UUID) -> None:
    """Delete a window; one that is active ends with it. Raises NotFound."""
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        window = owned_rows.lock(tx, MaintenanceWindow, organization_id, window_id)
        now = tx.now()
        maintenance_announcements.close(tx, window, now)
        maintenance_notices.withdraw(tx, window, window.status_page_ids, now)
        tx.session.delete(window)


def _validate(whole: Columns) -> None:
    try:
        decisions.check(_read({**whole, "ended_at": None}))
    except WindowError as error:
        sentence = f"{error.message[:1].upper()}{error.message[1:]}."
        raise refused(error.field, sentence) from None


def _refuse_past(whole: Columns, now: datetime) -> None:
    if decisions.is_over(_read({**whole, "ended_at": None}), now):
        raise refused("ends_at", _OVER)


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
        heartbeat_ids=whole["heartbeat_ids"],
        exdates=whole["exdates"],
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
    owned_rows.require(
        tx,
        Heartbeat,
        organization_id,
        given.get("heartbeat_ids", ()),
        field="heartbeat_ids",
        what="heartbeat",
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
