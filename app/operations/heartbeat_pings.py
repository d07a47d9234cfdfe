"""Store pings: one short transaction for a batch, after which each of them may be answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import psycopg

from app.clock import monotonic
from app.domain import heartbeats as decisions
from app.domain.heartbeat_states import Flip, Heartbeat, HeartbeatState, Ping, PingKind
from app.operations.heartbeat_rows import (
    COLUMNS,
    Row,
    Written,
    add_flips,
    definition_of,
    state_of,
    write,
)
from app.transaction import transaction

MAX_KEPT_BODY_BYTES = 10_000


@dataclass(slots=True)
class Arrival:
    """A ping as it came in; `came` is when, by the monotonic clock of this process."""

    key: str
    kind: PingKind
    came: float
    exit_status: int | None = None
    run_id: UUID | None = None
    body: bytes | None = None
    remote_addr: str | None = None
    user_agent: str | None = None


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


class Refusal(Enum):
    """Why a ping is not stored."""

    UNKNOWN = "no heartbeat has this key"
    BUSY = "somebody else holds the heartbeat; try again at once"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: an outcome for each arrival, in their order."""

    outcomes: list[Receipt | Refusal]
    concerns_alerts: bool


# Whoever holds a row has it for milliseconds: the sweep, an edit, another web process. The others
# of the batch do not wait for it, so neither do they deadlock.
_LOCK = f"""
SELECT now(), h.unique_key, CASE WHEN h.previous_key_until > now() THEN h.previous_key END,
    {COLUMNS}
FROM heartbeats h
WHERE h.unique_key = ANY(%(keys)s)
   OR (h.previous_key = ANY(%(keys)s) AND h.previous_key_until > now())
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608  a fixed list of columns

_KNOWN = """
SELECT key FROM unnest(%(keys)s::text[]) AS key WHERE EXISTS (
    SELECT FROM heartbeats WHERE unique_key = key
       OR (previous_key = key AND previous_key_until > now()))
"""

_INSERT = """
INSERT INTO heartbeat_pings (heartbeat_id, received_at, kind, exit_status, run_id, duration_ms,
    body, remote_addr, user_agent)
SELECT * FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::int[], %s::uuid[], %s::real[],
    %s::bytea[], %s::text[], %s::text[])
"""


class _Ledger:
    """One locked heartbeat while the pings of a batch pass over it."""

    __slots__ = ("changed_at", "definition", "duration_ms", "flips", "pinged_at", "row", "state")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.definition: Heartbeat = definition_of(row)
        self.state: HeartbeatState = state_of(row)
        self.flips: list[tuple[UUID, Flip]] = []
        self.changed_at: datetime | None = None
        self.pinged_at: datetime | None = None
        self.duration_ms: float | None = None

    def enter(self, arrival: Arrival, at: datetime) -> Receipt:
        """Apply one ping."""
        run_id = None if arrival.run_id is None else str(arrival.run_id)
        ping = Ping(at, arrival.kind, arrival.exit_status, run_id)
        outcome = decisions.receive(self.definition, self.state, ping)
        self.state = outcome.state
        if outcome.flip is not None:
            self.flips.append((self.row.id, outcome.flip))
            self.changed_at = outcome.flip.at
        if outcome.duration_ms is not None:
            self.duration_ms = outcome.duration_ms
        if arrival.kind in (PingKind.SUCCESS, PingKind.FAIL):
            self.pinged_at = at
        return Receipt(
            heartbeat_id=self.row.id,
            organization_id=self.row.organization_id,
            name=self.row.name,
            kind=arrival.kind,
            received_at=at,
            exit_status=arrival.exit_status,
            duration_ms=outcome.duration_ms,
            status=self.state.status.value,
        )

    def written(self) -> Written:
        """Return the heartbeat as it is to be stored."""
        return Written(
            self.row.id, self.state, self.changed_at, self.pinged_at, self.duration_ms
        )


def store(arrivals: Sequence[Arrival]) -> Stored:
    """Store a batch of pings with what they change; durable when it returns.

    A ping is dated back to when it came in, by the database's clock. Raises DATABASE_AWAY errors,
    and then none is stored.
    """
    with transaction() as tx:
        cursor = tx.driver.cursor()
        started = monotonic()
        now, ledgers = _lock(cursor, arrivals)
        missing = {arrival.key for arrival in arrivals} - ledgers.keys()
        known = _known(cursor, missing) if missing else set()
        outcomes: list[Receipt | Refusal] = []
        pings: list[tuple[Any, ...]] = []
        for arrival in arrivals:
            ledger = ledgers.get(arrival.key)
            if ledger is None or now is None:
                outcomes.append(Refusal.BUSY if arrival.key in known else Refusal.UNKNOWN)
                continue
            at = now - timedelta(seconds=max(started - arrival.came, 0))
            receipt = ledger.enter(arrival, at)
            outcomes.append(receipt)
            pings.append(_ping_row(arrival, receipt))
        entered = {id(ledger): ledger for ledger in ledgers.values()}.values()
        flips = [flip for ledger in entered for flip in ledger.flips]
        concerns_alerts = False
        if pings:
            with tx.driver.pipeline():
                cursor.execute(_INSERT, [list(column) for column in zip(*pings, strict=True)])
                write(cursor, [ledger.written() for ledger in entered], lazily=True)
            concerns_alerts = add_flips(cursor, flips)
    return Stored(outcomes, concerns_alerts)


def _lock(
    cursor: psycopg.Cursor[Any], arrivals: Sequence[Arrival]
) -> tuple[datetime | None, dict[str, _Ledger]]:
    keys = list({arrival.key for arrival in arrivals})
    rows = cursor.execute(_LOCK, {"keys": keys}).fetchall()
    ledgers: dict[str, _Ledger] = {}
    for row in rows:
        ledger = _Ledger(Row._make(row[3:]))
        ledgers[row[1]] = ledger
        if row[2] is not None:
            ledgers[row[2]] = ledger  # the key of before a rotation leads to the same heartbeat
    return (rows[0][0] if rows else None), ledgers


def _known(cursor: psycopg.Cursor[Any], keys: set[str]) -> set[str]:
    return {row[0] for row in cursor.execute(_KNOWN, {"keys": list(keys)}).fetchall()}


def _ping_row(arrival: Arrival, receipt: Receipt) -> tuple[Any, ...]:
    return (
        receipt.heartbeat_id,
        receipt.received_at,
        arrival.kind.value,
        arrival.exit_status,
        arrival.run_id,
        receipt.duration_ms,
        arrival.body or None,
        arrival.remote_addr,
        arrival.user_agent,
    )
