"""Sweep of the heartbeats that are due, by the database's clock."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from app.domain.heartbeats import heartbeats as decisions
from app.domain.heartbeats.heartbeats import Gap
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.heartbeats.rows import (
    COLUMNS,
    HeartbeatColumns,
    Written,
    add_flips,
    definition_of,
    state_of,
    write,
)
from app.platform.transaction import DATABASE_AWAY, single_value, transaction

log = logging.getLogger(__name__)

BATCH = 200

# Nothing is evaluated past the last proof that pings could be received: if they could not, a gap
# will be known before anybody is called late.
_DUE = f"""
SELECT b.until, {COLUMNS}
FROM heartbeats h,
    (SELECT LEAST(now(), last_at) AS until FROM ingest_beacons WHERE id = 1) b
WHERE h.next_look_at <= b.until AND NOT h.id = ANY(%(resting)s)
    AND (%(only)s::uuid[] IS NULL OR h.id = ANY(%(only)s))
ORDER BY h.next_look_at LIMIT %(limit)s
FOR NO KEY UPDATE OF h SKIP LOCKED
"""  # noqa: S608  a fixed list of columns

# What maintenance holds, and what flaps, is looked at for as long as it lasts.
_DUE_FOR = """
SELECT extract(epoch FROM GREATEST(
    (SELECT LEAST(now(), b.last_at) - min(h.next_look_at) FROM heartbeats h, ingest_beacons b
     WHERE b.id = 1 AND h.next_look_at <= LEAST(now(), b.last_at) GROUP BY b.last_at),
    (SELECT now() - min(at) FROM heartbeat_flips WHERE NOT is_handled),
    (SELECT interval '0' WHERE EXISTS (SELECT FROM heartbeat_flips WHERE is_held) OR EXISTS (
        SELECT FROM alerts
        WHERE heartbeat_id IS NOT NULL AND is_flapping AND status <> 'resolved'))
))::float
"""


def sweep() -> int:
    """Apply what time has changed to a batch of heartbeats; return how many were seen at.

    Whoever else looks at the same time, and a ping that is on its way, has its rows skipped here.
    """
    seen: list[UUID] = []
    try:
        return _sweep(seen)
    except DATABASE_AWAY:
        raise
    except Exception:
        log.exception("heartbeat sweep: a batch failed; its heartbeats are swept one by one")
        quarantine.each_apart(WorkKind.HEARTBEAT, seen, _sweep_each)
        return len(seen)


def _sweep_each(ids: Sequence[UUID]) -> None:
    for each in ids:
        _sweep([], [each])


def _sweep(seen: list[UUID], only: list[UUID] | None = None) -> int:
    """Look at what is due in one transaction; `seen` takes the ids, also of those that fail."""
    with transaction() as tx:
        cursor = tx.driver.cursor()
        resting = quarantine.resting(tx, WorkKind.HEARTBEAT)
        values = {"limit": BATCH, "resting": resting, "only": only}
        found = cursor.execute(_DUE, values).fetchall()
        if not found:
            return 0
        seen.extend(columns[1] for columns in found)
        until = found[0][0]
        rows = [HeartbeatColumns._make(columns[1:]) for columns in found]
        gaps = _gaps(cursor, rows)
        written, flips = [], []
        for row in rows:
            outcome = decisions.evaluate(definition_of(row), state_of(row), until, gaps)
            flip = outcome.flip
            written.append(Written(row.id, outcome.state, flip.at if flip else None))
            if flip:
                flips.append((row.id, flip))
        write(cursor, written)
        add_flips(cursor, flips)
    return len(rows)


def _gaps(cursor: psycopg.Cursor[Any], rows: list[HeartbeatColumns]) -> list[Gap]:
    """Return the gaps as far back as any of these heartbeats reaches."""
    begin = min(_begin(row) for row in rows)
    return cursor.execute(
        "SELECT starts_at, ends_at FROM ingest_gaps WHERE ends_at > %s", (begin,)
    ).fetchall()


def _begin(row: HeartbeatColumns) -> datetime:
    return min([row.basis_at, *(run.started_at for run in state_of(row).runs)])


def due_for_seconds() -> float | None:
    """Return how long a heartbeat has waited to be looked at, or a flip for its alert.

    None while a sweep would find nothing.
    """
    seconds: float | None = single_value(_DUE_FOR)
    return seconds
