"""Judge lateness: look at the heartbeats whose time has come, by the database's clock."""

from datetime import datetime
from typing import Any

import psycopg

from app.domain.heartbeats import heartbeats as decisions
from app.domain.heartbeats.heartbeats import Gap
from app.operations.heartbeats.rows import (
    COLUMNS,
    Row,
    Written,
    add_flips,
    definition_of,
    state_of,
    write,
)
from app.platform.transaction import transaction

BATCH = 200

# Nothing is judged past the last proof that pings could be received: if they could not, a gap will
# be known before anybody is called late.
_DUE = f"""
SELECT b.until, {COLUMNS}
FROM heartbeats h,
    (SELECT LEAST(now(), last_at) AS until FROM ingest_beacons WHERE id = 1) b
WHERE h.next_look_at <= b.until
ORDER BY h.next_look_at LIMIT %s
FOR NO KEY UPDATE OF h SKIP LOCKED
"""  # noqa: S608  a fixed list of columns

_BEHIND = """
SELECT EXISTS (
    SELECT FROM heartbeats h, ingest_beacons b
    WHERE b.id = 1 AND h.next_look_at <= LEAST(now(), b.last_at) - %s * interval '1 second'
) OR EXISTS (SELECT FROM heartbeat_flips WHERE NOT is_handled)
"""


def look() -> int:
    """Apply what time has changed to a batch of heartbeats; return how many were looked at.

    Whoever else looks at the same time, and a ping that is on its way, has its rows skipped here.
    """
    with transaction() as tx:
        cursor = tx.driver.cursor()
        found = cursor.execute(_DUE, (BATCH,)).fetchall()
        if not found:
            return 0
        until = found[0][0]
        rows = [Row._make(columns[1:]) for columns in found]
        gaps = _gaps(cursor, rows)
        written, flips = [], []
        for row in rows:
            outcome = decisions.assess(definition_of(row), state_of(row), until, gaps)
            flip = outcome.flip
            written.append(Written(row.id, outcome.state, flip.at if flip else None))
            if flip:
                flips.append((row.id, flip))
        write(cursor, written)
        add_flips(cursor, flips)
    return len(rows)


def _gaps(cursor: psycopg.Cursor[Any], rows: list[Row]) -> list[Gap]:
    """Return the gaps as far back as any of these heartbeats reaches."""
    begin = min(_begin(row) for row in rows)
    return cursor.execute(
        "SELECT starts_at, ends_at FROM ingest_gaps WHERE ends_at > %s", (begin,)
    ).fetchall()


def _begin(row: Row) -> datetime:
    return min([row.basis_at, *(run.started_at for run in state_of(row).runs)])


def is_behind(by_seconds: float) -> bool:
    """Say whether a heartbeat has waited that long to be looked at, or a flip for its alert."""
    with transaction() as tx:
        row = tx.driver.execute(_BEHIND, (by_seconds,)).fetchone()
    return bool(row and row[0])
