"""Ingest beacon: proof every few seconds that pings can be received; gaps in it are stored."""

from datetime import timedelta
from typing import Any

import psycopg

RENEW_SECONDS = 2.0
# A web process that is replaced, or busy for a moment, is no gap: clients try again.
GAP_AFTER = timedelta(seconds=15)


def renew(connection: psycopg.Connection[Any]) -> bool:
    """Note that pings can be received now; say whether that had not been so for a while.

    `connection` is the one that pings are stored on, in autocommit. The gap since the last proof is
    stored with it: two processes that come back at once meet at the row, and the second finds the
    first one's proof. Raises psycopg errors.
    """
    with connection.transaction():
        # Losing the last half second of proof in a crash costs nothing: a commit need not wait.
        connection.execute("SET LOCAL synchronous_commit = off")
        row = connection.execute(
            "SELECT last_at, clock_timestamp() FROM ingest_beacons WHERE id = 1 FOR UPDATE"
        ).fetchone()
        if row is None:
            connection.execute(
                "INSERT INTO ingest_beacons (id, last_at) VALUES (1, clock_timestamp())"
                " ON CONFLICT DO NOTHING"
            )
            return False
        last_at, now = row
        connection.execute("UPDATE ingest_beacons SET last_at = %s WHERE id = 1", (now,))
        if now - last_at <= GAP_AFTER:
            return False
        connection.execute(
            "INSERT INTO ingest_gaps (starts_at, ends_at) VALUES (%s, %s)", (last_at, now)
        )
    return True
