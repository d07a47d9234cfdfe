"""Maintenance windows: created, changed, ended and deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.domain.maintenance import windows as decisions
from app.domain.maintenance.windows import WindowError, WindowStatus
from app.models.heartbeats import Heartbeat
from app.models.maintenance_windows import MaintenanceWindow
from app.models.services import Service
from app.operations import rows as owned_rows
from app.operations.maintenance import announcements as maintenance_announcements
from app.operations.maintenance import muting
from app.operations.resource import Most
from app.operations.rows import Columns, References, columns, refused
from app.operations.snapshots.resource import SnapshotResource
from app.operations.status_pages import maintenance_notices
from app.platform.errors import Conflict, InvalidCode
from app.platform.transaction import Transaction, transaction

_TIMES = ("starts_at", "ends_at", "recurrence", "duration_minutes", "timezone", "exdates")
_SCOPE = ("service_ids", "tags", "heartbeat_ids")
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
_REFERENCES: References = {
    "service_ids": (Service, "service"),
    "heartbeat_ids": (Heartbeat, "heartbeat"),
}
# Of a field, what a fault in it is; of all others, that they do not fit together.
_CODES = {"recurrence": InvalidCode.MALFORMED, "timezone": InvalidCode.UNKNOWN_TIME_ZONE}
_OVER = (
    "Lies in the past: a window silences what is to come. What was maintenance is put right with"
    " POST /services/{id}/corrections."
)


MOST_RECURRING = 500  # each is looked up by every process that needs to know what is silenced


class _Windows(SnapshotResource[MaintenanceWindow]):
    model = MaintenanceWindow
    most = Most(50_000, "maintenance windows")
    may_be_over = False

    def new_columns(self, tx: Transaction, who: UUID, id: UUID, data: Columns) -> Columns:
        """Return a new window. Raises Invalid for one that makes no sense, or is over already."""
        now = tx.now()
        merged = _with_defaults(tx, who, data, now)
        if not self.may_be_over:
            _refuse_past(merged, now)
        if merged["recurrence"] is not None:
            _refuse_many(tx, who)
        return merged

    def created(self, tx: Transaction, row: MaintenanceWindow) -> None:
        now = tx.now()
        maintenance_announcements.update(tx, row, now, now)

    def changed_columns(
        self, tx: Transaction, who: UUID, row: MaintenanceWindow, changes: Columns
    ) -> Columns:
        """Return what an edit changes; pages that the window is taken from tell that it is off.

        Other times make one that was ended by hand silence again only if they lie ahead, or with
        `reopen`. Raises Invalid for a window that makes no sense, or does nothing; Conflict for
        one that was ended by hand and would be active again.
        """
        stored, now = columns(row), tx.now()
        wanted = {name: value for name, value in changes.items() if name != "reopen"}
        values = {name: value for name, value in wanted.items() if value != stored[name]}
        owned_rows.require_references(tx, who, values, _REFERENCES)
        if changes.get("reopen"):
            values["ended_at"] = None
        if any(name in values for name in _TIMES):
            _validate({**stored, **values})
            if not _is_active(stored, now):  # else it ends with that
                _refuse_past({**stored, **values}, now)
            values |= _end_kept({**stored, **values}, now)
            if values.get("recurrence") is not None and stored["recurrence"] is None:
                _refuse_many(tx, who)
        if "status_page_ids" in values:
            gone = set(row.status_page_ids) - set(values["status_page_ids"])
            maintenance_notices.withdraw(tx, row, gone, now)
        return values

    def updated(
        self, tx: Transaction, row: MaintenanceWindow, before: Columns, changes: Columns
    ) -> None:
        now = tx.now()
        maintenance_announcements.update(tx, row, now, now)
        if any(name in changes for name in _SCOPE) and _is_active(before, now):
            muting.recheck(tx, row.organization_id, *(before[name] for name in _SCOPE))

    def deleting(self, tx: Transaction, who: UUID, row: MaintenanceWindow) -> None:
        """End a window that is active."""
        now = tx.now()
        maintenance_announcements.close(tx, row, now)
        maintenance_notices.withdraw(tx, row, row.status_page_ids, now)

    def to_json(
        self, tx: Transaction, who: UUID, rows: Sequence[MaintenanceWindow]
    ) -> list[dict[str, Any]]:
        now = tx.now()
        return [_to_json(row, now) for row in rows]


class _WindowsOfFile(_Windows):
    """Windows of a configuration file, which may be over."""

    may_be_over = True


_WINDOWS = _Windows()
listed, read, create, update, delete = _WINDOWS.operations()
create_from_file = _WindowsOfFile().create


def create_now(organization_id: UUID, data: Columns, minutes: int) -> dict[str, Any]:
    """Create a window that is active from now on, and return it. Raises Invalid as `create`."""
    with transaction() as tx:
        now = tx.now()
        times = {"starts_at": now, "ends_at": now + timedelta(minutes=minutes)}
        created = _WINDOWS.insert(tx, organization_id, {**data, **times})
    return created


def validated(
    tx: Transaction, organization_id: UUID, data: Columns, now: datetime
) -> decisions.MaintenanceWindow:
    """Return an unsaved window as the domain reads it. Raises Invalid where it makes no sense."""
    return _read({**_with_defaults(tx, organization_id, data, now), "ended_at": None})


def _refuse_many(tx: Transaction, organization_id: UUID) -> None:
    count = tx.session.scalar(
        select(func.count(MaintenanceWindow.id)).where(
            MaintenanceWindow.organization_id == organization_id,
            MaintenanceWindow.recurrence.is_not(None),
        )
    )
    if (count or 0) >= MOST_RECURRING:
        raise refused(
            "recurrence",
            InvalidCode.LIMIT_REACHED,
            f"There are {MOST_RECURRING} windows that recur; delete what is over.",
        )


def _with_defaults(
    tx: Transaction, organization_id: UUID, data: Columns, now: datetime
) -> dict[str, Any]:
    """Return a new window with its defaults. Raises Invalid for one that makes no sense."""
    owned_rows.require_references(tx, organization_id, data, _REFERENCES)
    merged = {**_DEFAULTS, **data}
    if merged.get("starts_at") is None and merged["recurrence"] is not None:
        merged["starts_at"] = decisions.default_start(now, merged["timezone"])
    _validate(merged)
    return merged


def _end_kept(merged: Columns, now: datetime) -> dict[str, Any]:
    """Return what new times make of the end by hand of a window. Raises Conflict.

    What somebody has ended does not silence again without a word; times ahead are a new window.
    """
    ended_at = merged["ended_at"]
    if ended_at is None:
        return {}
    if decisions.occurrence_at(_read({**merged, "ended_at": None}), now) is not None:
        raise Conflict(
            f"the window was ended by hand at {ended_at:%Y-%m-%dT%H:%M:%SZ}; send reopen: true to"
            " let it begin again"
        )
    return {"ended_at": None} if merged["recurrence"] is None else {}


def skip(organization_id: UUID, window_id: UUID, starts_at: datetime | None) -> dict[str, Any]:
    """Skip an occurrence of a recurring window, the next one by default; return the window.

    Raises NotFound, Conflict for a window that comes once or not again, Invalid for a time at which
    none begins.
    """
    with transaction() as tx:
        _WINDOWS.begin(tx, organization_id)
        window = _WINDOWS.lock(tx, organization_id, window_id)
        if window.recurrence is None:
            raise Conflict("this window comes once; end or delete it")
        now = tx.now()
        known = _read(columns(window))
        if starts_at is None:
            following = decisions.next_occurrence(known, now)
            if following is None:
                raise Conflict("this window does not come again")
            starts_at = following.starts_at
        skippable = decisions.next_occurrence(known, starts_at - timedelta(microseconds=1))
        if skippable is None or skippable.starts_at != starts_at:
            raise refused(
                "starts_at", InvalidCode.WRONG_TIME, "The window does not begin at this time."
            )
        if len(window.exdates) >= decisions.MAX_EXDATES:
            raise Conflict(f"at most {decisions.MAX_EXDATES} occurrences are skipped")
        window.exdates = sorted({*window.exdates, starts_at})
        maintenance_announcements.update(tx, window, now, now)
        skipped = _to_json(window, now)
    return skipped


def end(organization_id: UUID, window_id: UUID) -> dict[str, Any]:
    """End what goes on now, and a window that comes once for good; return the window.

    Ending twice changes nothing. Raises NotFound, Conflict for a recurring window that is not
    active.
    """
    with transaction() as tx:
        _WINDOWS.begin(tx, organization_id)
        window = _WINDOWS.lock(tx, organization_id, window_id)
        now = tx.now()
        status = decisions.status(_read(columns(window)), now)
        if window.recurrence is not None and status is not WindowStatus.ACTIVE:
            raise Conflict("the window is not active now; delete it, or change its recurrence")
        if status is not WindowStatus.ENDED:
            window.ended_at = now
            maintenance_announcements.update(tx, window, now, now)
        ended = _to_json(window, now)
    return ended


def _validate(merged: Columns) -> None:
    try:
        decisions.check(_read({**merged, "ended_at": None}))
    except WindowError as error:
        sentence = f"{error.message[:1].upper()}{error.message[1:]}."
        code = _CODES.get(error.field, InvalidCode.CONFLICTING_FIELDS)
        raise refused(error.field, code, sentence) from None


def _refuse_past(merged: Columns, now: datetime) -> None:
    if decisions.is_over(_read({**merged, "ended_at": None}), now):
        raise refused("ends_at", InvalidCode.WRONG_TIME, _OVER)


def _read(merged: Columns) -> decisions.MaintenanceWindow:
    return decisions.parse(
        starts_at=merged.get("starts_at"),
        ends_at=merged["ends_at"],
        recurrence=merged["recurrence"],
        duration_minutes=merged["duration_minutes"],
        timezone=merged["timezone"],
        service_ids=merged["service_ids"],
        tags=merged["tags"],
        ended_at=merged["ended_at"],
        heartbeat_ids=merged["heartbeat_ids"],
        exdates=merged["exdates"],
    )


def _is_active(stored: Columns, now: datetime) -> bool:
    return decisions.occurrence_at(_read(stored), now) is not None


def _to_json(row: MaintenanceWindow, now: datetime) -> dict[str, Any]:
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
