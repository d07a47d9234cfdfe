"""Ingest beacon: proof every few seconds that pings can be received; gaps in it are stored."""

from datetime import timedelta
from typing import Any

import psycopg

RENEW_SECONDS = 2.0
# A web process that is replaced, or busy for a moment, is no gap: clients try again.
GAP_AFTER = timedelta(seconds=15)

# Statements that travel as one string are one transaction, and one round trip. Losing the last half
# second of proof in a crash costs nothing: a commit need not wait.
_RENEW = f"""
SET LOCAL synchronous_commit = off;
SELECT FROM ingest_beacons WHERE id = 1 FOR UPDATE;
INSERT INTO ingest_gaps (starts_at, ends_at)
    SELECT last_at, clock_timestamp() FROM ingest_beacons
    WHERE id = 1 AND last_at < clock_timestamp() - interval '{GAP_AFTER.total_seconds()} seconds';
INSERT INTO ingest_beacons (id, last_at) VALUES (1, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at
"""  # noqa: S608  constants


def renew(connection: psycopg.Connection[Any]) -> bool:
    """Note that pings can be received now; say whether that had not been so for a while.

    `connection` is the one that pings are stored on, in autocommit. The gap since the last proof is
    stored with it: two processes that come back at once meet at the row, and the second finds the
    first one's proof. Raises psycopg errors.
    """
    cursor = connection.execute(_RENEW, prepare=False)
    counts = [cursor.rowcount]
    while cursor.nextset():
        counts.append(cursor.rowcount)
    _, _, gaps, _ = counts
    return gaps > 0
