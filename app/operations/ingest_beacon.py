"""Our own ability to receive pings: proven every few seconds, and remembered where it failed."""

from datetime import timedelta

from app.transaction import transaction

RENEW_SECONDS = 2.0
# A web process that is replaced, or busy for a moment, is no gap: clients try again.
GAP_AFTER = timedelta(seconds=15)


def renew() -> bool:
    """Note that pings can be received now; say whether that had not been so for a while.

    The gap since the last proof is stored with it. Two processes that come back at once meet at
    the row: the second finds the first one's proof, and no gap.
    """
    with transaction() as tx:
        # Losing the last half second of proof in a crash costs nothing: a commit need not wait.
        tx.driver.execute("SET LOCAL synchronous_commit = off")
        row = tx.driver.execute(
            "SELECT last_at, clock_timestamp() FROM ingest_beacons WHERE id = 1 FOR UPDATE"
        ).fetchone()
        if row is None:
            tx.driver.execute(
                "INSERT INTO ingest_beacons (id, last_at) VALUES (1, clock_timestamp())"
                " ON CONFLICT DO NOTHING"
            )
            return False
        last_at, now = row
        tx.driver.execute("UPDATE ingest_beacons SET last_at = %s WHERE id = 1", (now,))
        if now - last_at <= GAP_AFTER:
            return False
        tx.driver.execute(
            "INSERT INTO ingest_gaps (starts_at, ends_at) VALUES (%s, %s)", (last_at, now)
        )
    return True
