"""Storing of pings: one short transaction for a batch, after which each may be answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import psycopg

from app.domain.heartbeats import heartbeats as decisions
from app.domain.heartbeats.states import Flip, Heartbeat, HeartbeatState, Ping, PingKind
from app.operations.heartbeats.rows import (
    ADD_FLIPS_OF_PINGS,
    COLUMNS,
    UPDATE_BY_PINGS,
    HeartbeatColumns,
    Written,
    as_json,
    concerns_alert,
    definition_of,
    is_kept,
    state_of,
    stored,
    stored_flip,
)
from app.platform.clock import monotonic

MAX_KEPT_BODY_BYTES = 10_000


@dataclass(slots=True)
class IncomingPing:
    """A ping as it came in; `came` is when, by the monotonic clock of this process.

    `given_up`: it was refused while it waited, and must not be stored any more.
    """

    key: str
    kind: PingKind
    came: float
    exit_status: int | None = None
    run_id: UUID | None = None
    body: bytes | None = None
    remote_addr: str | None = None
    user_agent: str | None = None
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """A ping that is stored, and the heartbeat as it stands after it."""

    heartbeat_id: UUID
    organization_id: UUID
    name: str
    kind: PingKind
    received_at: datetime
    exit_status: int | None
    duration_ms: float | None
    status: str


class PingRefusal(Enum):
    """Reason why a ping is not stored."""

    UNKNOWN = "no heartbeat has this key"
    BUSY = "somebody else holds the heartbeat; try again at once"


@dataclass(frozen=True, slots=True)
class StoredPings:
    """Result of storing a batch: an outcome for each ping, in their order."""

    outcomes: list[Receipt | PingRefusal]
    concerns_alerts: bool


# Whoever holds a row has it for milliseconds: the sweep, an edit, another web process. The others
# of the batch do not wait for it, so neither do they deadlock.
_LOCK = f"""
SELECT now(), h.unique_key, CASE WHEN h.previous_key_until > now() THEN h.previous_key END,
    {COLUMNS}
FROM heartbeats h
WHERE h.unique_key = ANY($1) OR (h.previous_key = ANY($1) AND h.previous_key_until > now())
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608  a fixed list of columns

_KNOWN = """
SELECT key FROM unnest($1) AS key WHERE EXISTS (
    SELECT FROM heartbeats WHERE unique_key = key
       OR (previous_key = key AND previous_key_until > now()))
"""

_INSERT = """
INSERT INTO heartbeat_pings (heartbeat_id, received_at, kind, exit_status, run_id, duration_ms,
    body, remote_addr, user_agent)
SELECT v.heartbeat_id, v.received_at, v.kind, v.exit_status, v.run_id, v.duration_ms,
    decode(v.body, 'hex'), v.remote_addr, v.user_agent
FROM json_to_recordset($1) AS v (heartbeat_id uuid, received_at timestamptz, kind text,
    exit_status int, run_id uuid, duration_ms real, body text, remote_addr text, user_agent text)
"""


_PREPARED = {
    "ping_lock(text[])": _LOCK,
    "ping_known(text[])": _KNOWN,
    "ping_insert(json)": _INSERT,
    "ping_update(json)": UPDATE_BY_PINGS,
    "ping_flips(json)": ADD_FLIPS_OF_PINGS,
}


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Plan the statements of `store` once for a connection."""
    for name, statement in _PREPARED.items():
        connection.execute(f"PREPARE {name} AS {statement}".encode())


class _HeartbeatUpdate:
    """One locked heartbeat while the pings of a batch are applied to it."""

    __slots__ = ("changed_at", "definition", "duration_ms", "flips", "pinged_at", "row", "state")

    def __init__(self, row: HeartbeatColumns) -> None:
        self.row = row
        self.definition: Heartbeat = definition_of(row)
        self.state: HeartbeatState = state_of(row)
        self.flips: list[tuple[UUID, Flip]] = []
        self.changed_at: datetime | None = None
        self.pinged_at: datetime | None = None
        self.duration_ms: float | None = None

    def apply(self, ping: IncomingPing, at: datetime) -> Receipt:
        """Apply one ping."""
        run_id = None if ping.run_id is None else str(ping.run_id)
        received = Ping(at, ping.kind, ping.exit_status, run_id)
        outcome = decisions.receive(self.definition, self.state, received)
        self.state = outcome.state
        if outcome.flip is not None:
            self.flips.append((self.row.id, outcome.flip))
            self.changed_at = outcome.flip.at
        if outcome.duration_ms is not None:
            self.duration_ms = outcome.duration_ms
        if ping.kind in (PingKind.SUCCESS, PingKind.FAIL):
            self.pinged_at = at
        return Receipt(
            heartbeat_id=self.row.id,
            organization_id=self.row.organization_id,
            name=self.row.name,
            kind=ping.kind,
            received_at=at,
            exit_status=ping.exit_status,
            duration_ms=outcome.duration_ms,
            status=self.state.status.value,
        )

    def written(self) -> Written:
        """Return the heartbeat as it is to be stored."""
        return Written(self.row.id, self.state, self.changed_at, self.pinged_at, self.duration_ms)


def store(connection: psycopg.Connection[Any], incoming: Sequence[IncomingPing]) -> StoredPings:
    """Store a batch of pings with what they change; durable when it returns.

    `connection` is the writer's own: prepared, and in autocommit, so that BEGIN and COMMIT travel
    with the statements, in two round trips. A ping is dated back to when it came in, by the
    database's clock. Raises psycopg errors; then none is stored, and the connection is of no use.
    """
    cursor = psycopg.ClientCursor(connection)
    started = monotonic()
    now, updates = _lock(cursor, incoming)
    missing = {ping.key for ping in incoming} - updates.keys()
    known = _known(cursor, missing) if missing else set()
    outcomes: list[Receipt | PingRefusal] = []
    rows: list[dict[str, Any]] = []
    for ping in incoming:
        update = updates.get(ping.key)
        if update is None or now is None or ping.given_up:
            is_unknown = update is None and ping.key not in known
            outcomes.append(PingRefusal.UNKNOWN if is_unknown else PingRefusal.BUSY)
            continue
        at = now - timedelta(seconds=max(started - ping.came, 0))
        receipt = update.apply(ping, at)
        outcomes.append(receipt)
        rows.append(_ping_row(ping, receipt))
    applied = list({id(update): update for update in updates.values()}.values())
    flips = [flip for update in applied for flip in update.flips if is_kept(flip[1])]
    _commit(
        cursor,
        {
            "ping_insert": as_json(rows),
            "ping_update": as_json(stored(update.written()) for update in applied),
            "ping_flips": as_json(map(stored_flip, flips)),
        },
    )
    return StoredPings(outcomes, any(concerns_alert(flip) for _, flip in flips))


def _lock(
    cursor: psycopg.Cursor[Any], incoming: Sequence[IncomingPing]
) -> tuple[datetime | None, dict[str, _HeartbeatUpdate]]:
    """Begin the transaction; return its time, and the heartbeats by the keys that lead to them."""
    keys = list({ping.key for ping in incoming})
    cursor.execute("BEGIN; EXECUTE ping_lock(%s)", (keys,))
    cursor.nextset()
    rows = cursor.fetchall()
    updates: dict[str, _HeartbeatUpdate] = {}
    now = None
    for at, key, previous_key, *heartbeat in rows:
        now, update = at, _HeartbeatUpdate(HeartbeatColumns._make(heartbeat))
        updates[key] = update
        if previous_key is not None:
            updates[previous_key] = update  # of before a rotation: it leads to the same heartbeat
    return now, updates


def _known(cursor: psycopg.Cursor[Any], keys: set[str]) -> set[str]:
    rows = cursor.execute("EXECUTE ping_known(%s)", (list(keys),)).fetchall()
    return {key for (key,) in rows}


def _commit(cursor: psycopg.Cursor[Any], rows: Mapping[str, str]) -> None:
    """Write and commit. Raises psycopg.OperationalError where the server did not say so."""
    wanted = {name: text for name, text in rows.items() if text}
    steps = "".join(f"EXECUTE {name}(%s);" for name in wanted)
    cursor.execute(f"{steps}COMMIT".encode(), list(wanted.values()))
    while cursor.nextset():
        pass
    if cursor.statusmessage != "COMMIT":
        raise psycopg.OperationalError(f"the commit was answered with {cursor.statusmessage}")


def _ping_row(ping: IncomingPing, receipt: Receipt) -> dict[str, Any]:
    return {
        "heartbeat_id": receipt.heartbeat_id.hex,
        "received_at": receipt.received_at.isoformat(),
        "kind": ping.kind.value,
        "exit_status": ping.exit_status,
        "run_id": None if ping.run_id is None else ping.run_id.hex,
        "duration_ms": receipt.duration_ms,
        "body": ping.body.hex() if ping.body else None,
        "remote_addr": ping.remote_addr,
        "user_agent": ping.user_agent,
    }
