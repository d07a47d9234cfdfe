"""Heartbeats between their rows and `app.domain`: what is read for a decision, what is written.

Plain SQL, a batch at a time, because thousands of pings a second pass here.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import psycopg

from app.domain import heartbeats as decisions
from app.domain.heartbeat_schedules import parse
from app.domain.heartbeat_states import (
    Flip,
    Heartbeat,
    HeartbeatState,
    HeartbeatStatus,
    OpenRun,
)


class Standing(Protocol):
    """What a decision needs to know: a `Row`, or the mapped row of an edit."""

    schedule: Any
    timezone: Any
    grace_period_seconds: Any
    max_runtime_seconds: Any
    min_interval_seconds: Any
    min_duration_seconds: Any
    max_duration_seconds: Any
    status: Any
    status_reason: Any
    basis_at: Any
    next_expected_at: Any
    miss_at: Any
    open_runs: Any
    is_extended: Any
    last_success_at: Any


class Row(NamedTuple):
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
COLUMNS = ", ".join(f"h.{name}" for name in Row._fields)


def definition_of(row: Standing) -> Heartbeat:
    """Return how a heartbeat is set up."""
    return Heartbeat(
        parse(row.schedule, row.timezone),
        row.grace_period_seconds,
        row.max_runtime_seconds,
        row.min_interval_seconds,
        row.min_duration_seconds,
        row.max_duration_seconds,
    )


def state_of(row: Standing) -> HeartbeatState:
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
_UPDATE = """
UPDATE heartbeats h
SET status = v.status, status_reason = v.status_reason, basis_at = v.basis_at,
    next_expected_at = v.next_expected_at, miss_at = v.miss_at, open_runs = v.open_runs::jsonb,
    is_extended = v.is_extended, last_success_at = v.last_success_at,
    status_changed_at = coalesce(v.status_changed_at, h.status_changed_at),
    last_ping_at = coalesce(v.last_ping_at, h.last_ping_at),
    last_duration_ms = coalesce(v.last_duration_ms, h.last_duration_ms),
    next_look_at = {next_look_at}
FROM unnest(
    %s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
    %s::text[], %s::bool[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::real[],
    %s::timestamptz[]
) AS v (id, status, status_reason, basis_at, next_expected_at, miss_at, open_runs, is_extended,
    last_success_at, status_changed_at, last_ping_at, last_duration_ms, next_look_at)
WHERE h.id = v.id
"""
_UPDATE_BY_PINGS = _UPDATE.format(next_look_at=_SOONER)
_UPDATE_BY_TIME = _UPDATE.format(next_look_at="v.next_look_at")


def write(
    cursor: psycopg.Cursor[Any], written: Iterable[Written], *, lazily: bool = False
) -> None:
    """Store new states of rows that this transaction holds locked.

    `lazily`: leave `next_look_at` alone where it lies too early.
    """
    columns = list(zip(*map(_columns, written), strict=True))
    if columns:
        statement = _UPDATE_BY_PINGS if lazily else _UPDATE_BY_TIME
        cursor.execute(statement, [list(column) for column in columns])


def _columns(new: Written) -> tuple[Any, ...]:
    state = new.state
    return (
        new.id,
        state.status.value,
        state.reason,
        state.basis_at,
        state.expected_at,
        state.miss_at,
        json.dumps(stored_runs(state)) if state.runs else "[]",
        state.is_extended,
        state.last_success_at,
        new.status_changed_at,
        new.last_ping_at,
        new.last_duration_ms,
        decisions.next_change_at(state),
    )


_ADD_FLIPS = """
INSERT INTO heartbeat_flips (heartbeat_id, at, from_status, to_status, reason, is_handled)
VALUES (%s, %s, %s, %s, %s, %s)
"""


def is_kept(flip: Flip) -> bool:
    """Say whether a change belongs into the history: into or out of missed, failed or paused.

    A job that starts, ends and is a second late each time would drown them in changes of no
    account.
    """
    return concerns_alert(flip) or HeartbeatStatus.PAUSED in (flip.before, flip.after)


def concerns_alert(flip: Flip) -> bool:
    """Say whether an alert is to be opened or resolved for a change."""
    return flip.before.is_down or flip.after.is_down


def add_flips(cursor: psycopg.Cursor[Any], flips: Sequence[tuple[UUID, Flip]]) -> bool:
    """Store the changes that are kept; say whether an alert is to be opened or resolved."""
    kept = [(heartbeat_id, flip) for heartbeat_id, flip in flips if is_kept(flip)]
    if kept:
        cursor.executemany(
            _ADD_FLIPS,
            [
                (
                    heartbeat_id,
                    flip.at,
                    flip.before.value,
                    flip.after.value,
                    flip.reason,
                    not concerns_alert(flip),
                )
                for heartbeat_id, flip in kept
            ],
        )
    return any(concerns_alert(flip) for _, flip in kept)
