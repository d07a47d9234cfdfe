"""Heartbeats between their rows and `app.domain`: what is read for a decision, what is written.

Plain SQL, a batch at a time, because thousands of pings a second pass here.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from app.domain.heartbeats import heartbeats as decisions
from app.domain.heartbeats.schedules import parse
from app.domain.heartbeats.states import Flip, Heartbeat, HeartbeatState, HeartbeatStatus, OpenRun
from app.models import heartbeats as models


class HeartbeatColumns(NamedTuple):
    """A heartbeat as decisions and events need it, locked by whoever read it."""

    id: UUID
    organization_id: UUID
    name: str
    schedule: str
    timezone: str
    grace_period_seconds: int
    max_runtime_seconds: int | None
    min_interval_seconds: int | None
    min_duration_seconds: int | None
    max_duration_seconds: int | None
    status: str
    status_reason: str | None
    basis_at: datetime
    next_expected_at: datetime
    miss_at: datetime
    open_runs: list[list[Any]]
    is_extended: bool
    last_success_at: datetime | None


# For `SELECT {COLUMNS} FROM heartbeats h`.
COLUMNS = ", ".join(f"h.{name}" for name in HeartbeatColumns._fields)


HeartbeatRow = HeartbeatColumns | models.Heartbeat


def definition_of(row: HeartbeatRow) -> Heartbeat:
    """Return how a heartbeat is set up."""
    return Heartbeat(
        parse(row.schedule, row.timezone),
        row.grace_period_seconds,
        row.max_runtime_seconds,
        row.min_interval_seconds,
        row.min_duration_seconds,
        row.max_duration_seconds,
    )


def state_of(row: HeartbeatRow) -> HeartbeatState:
    """Return where a heartbeat stands."""
    return HeartbeatState(
        HeartbeatStatus(row.status),
        row.basis_at,
        row.next_expected_at,
        row.miss_at,
        tuple(map(_run, row.open_runs)),
        row.is_extended,
        row.last_success_at,
        row.status_reason,
    )


def _run(stored: Sequence[Any]) -> OpenRun:
    run_id, started_at, due_at, is_overdue = stored
    return OpenRun(
        run_id, datetime.fromisoformat(started_at), datetime.fromisoformat(due_at), is_overdue
    )


def stored_runs(state: HeartbeatState) -> list[list[Any]]:
    """Return the open runs as the row keeps them."""
    return [
        [run.run_id, run.started_at.isoformat(), run.due_at.isoformat(), run.is_overdue]
        for run in state.runs
    ]


class Written(NamedTuple):
    """A new state, and what a ping adds to it; None leaves a column as it is."""

    id: UUID
    state: HeartbeatState
    status_changed_at: datetime | None = None
    last_ping_at: datetime | None = None
    last_duration_ms: float | None = None


# A later look is left for the sweep to find out, which keeps the update off the indexes (HOT).
_SOONER = "LEAST(h.next_look_at, v.next_look_at)"
# One JSON text costs a fraction of a dozen arrays, on both sides.
_UPDATE = """
UPDATE heartbeats h
SET status = v.status, status_reason = v.status_reason, basis_at = v.basis_at,
    next_expected_at = v.next_expected_at, miss_at = v.miss_at, open_runs = v.open_runs,
    is_extended = v.is_extended, last_success_at = v.last_success_at,
    status_changed_at = coalesce(v.status_changed_at, h.status_changed_at),
    last_ping_at = coalesce(v.last_ping_at, h.last_ping_at),
    last_duration_ms = coalesce(v.last_duration_ms, h.last_duration_ms),
    next_look_at = {next_look_at}
FROM json_to_recordset({rows}) AS v (id uuid, status text, status_reason text, basis_at timestamptz,
    next_expected_at timestamptz, miss_at timestamptz, open_runs jsonb, is_extended boolean,
    last_success_at timestamptz, status_changed_at timestamptz, last_ping_at timestamptz,
    last_duration_ms real, next_look_at timestamptz)
WHERE h.id = v.id
"""
UPDATE_BY_PINGS = _UPDATE.format(next_look_at=_SOONER, rows="$1")
_UPDATE_BY_TIME = _UPDATE.format(next_look_at="v.next_look_at", rows="%s")


def write(cursor: psycopg.Cursor[Any], written: Iterable[Written]) -> None:
    """Store new states of rows that this transaction holds locked."""
    if rows := as_json(map(stored, written)):
        cursor.execute(_UPDATE_BY_TIME, (rows,))


def stored(new: Written) -> dict[str, Any]:
    """Return a new state as `_UPDATE` reads it."""
    state = new.state
    return {
        "id": new.id.hex,
        "status": state.status.value,
        "status_reason": state.reason,
        "basis_at": state.basis_at.isoformat(),
        "next_expected_at": state.expected_at.isoformat(),
        "miss_at": state.miss_at.isoformat(),
        "open_runs": stored_runs(state) if state.runs else [],
        "is_extended": state.is_extended,
        "last_success_at": iso(state.last_success_at),
        "status_changed_at": iso(new.status_changed_at),
        "last_ping_at": iso(new.last_ping_at),
        "last_duration_ms": new.last_duration_ms,
        "next_look_at": iso(decisions.next_change_at(state)),
    }


def iso(at: datetime | None) -> str | None:
    """Return a time as text that PostgreSQL reads."""
    return None if at is None else at.isoformat()


def as_json(rows: Iterable[dict[str, Any]]) -> str:
    """Return rows for `json_to_recordset`; an empty text for none."""
    found = list(rows)
    return json.dumps(found, separators=(",", ":")) if found else ""


_ADD_FLIPS = """
INSERT INTO heartbeat_flips (heartbeat_id, at, from_status, to_status, reason, is_handled)
SELECT * FROM json_to_recordset({rows}) AS v (heartbeat_id uuid, at timestamptz, from_status text,
    to_status text, reason text, is_handled boolean)
"""
ADD_FLIPS_OF_PINGS = _ADD_FLIPS.format(rows="$1")
_ADD_FLIPS_OF_TIME = _ADD_FLIPS.format(rows="%s")


def is_kept(flip: Flip) -> bool:
    """Say whether a change belongs into the history: into or out of missed, failed or paused.

    A job that starts, ends and is a second late each time would drown them in changes of no
    account.
    """
    return concerns_alert(flip) or HeartbeatStatus.PAUSED in (flip.before, flip.after)


def concerns_alert(flip: Flip) -> bool:
    """Say whether an alert may be to be opened or resolved for a change.

    One of a flapping heartbeat is open while it is healthy: a pause ends that as well.
    """
    return flip.before.is_down or flip.after.is_down or flip.after is HeartbeatStatus.PAUSED


def add_flips(cursor: psycopg.Cursor[Any], flips: Iterable[tuple[UUID, Flip]]) -> bool:
    """Store the changes that are kept; say whether an alert is to be opened or resolved."""
    kept = [flip for flip in flips if is_kept(flip[1])]
    if rows := as_json(map(stored_flip, kept)):
        cursor.execute(_ADD_FLIPS_OF_TIME, (rows,))
    return any(concerns_alert(flip) for _, flip in kept)


def stored_flip(of: tuple[UUID, Flip]) -> dict[str, Any]:
    """Return a change as `_ADD_FLIPS` reads it."""
    heartbeat_id, flip = of
    return {
        "heartbeat_id": heartbeat_id.hex,
        "at": flip.at.isoformat(),
        "from_status": flip.before.value,
        "to_status": flip.after.value,
        "reason": flip.reason,
        "is_handled": not concerns_alert(flip),
    }
