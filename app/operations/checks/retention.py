"""Day partitions for check results: made ahead of time, dropped when they are too old."""

from datetime import date, timedelta

from psycopg import sql

from app.operations.metrics import progress, purging
from app.platform.bootstrap import runtime
from app.platform.transaction import transaction

_DAYS_AHEAD = 7
_PURGE_BATCH = 20_000


def ensure_partitions() -> list[str]:
    """Make the partitions of yesterday, today and the coming week; return those that were missing.

    Yesterday's, because a check that was due before midnight may be recorded after it.
    """
    made = []
    with transaction() as tx:
        # Two processes that start together would both create; the second waits here instead.
        tx.driver.execute("SELECT pg_advisory_xact_lock(hashtext('check_results partitions'))")
        present = _partitions(tx.driver)
        today: date | None = tx.scalar("SELECT (now() AT TIME ZONE 'UTC')::date")
        assert today is not None
        for offset in range(-1, _DAYS_AHEAD + 1):
            day = today + timedelta(days=offset)
            if day in present:
                continue
            name = f"check_results_{day:%Y%m%d}"
            tx.driver.execute(
                sql.SQL(
                    "CREATE TABLE {} PARTITION OF check_results FOR VALUES FROM ({}) TO ({})"
                    " WITH (autovacuum_vacuum_insert_scale_factor = 0.5)"
                ).format(
                    sql.Identifier(name),
                    sql.Literal(f"{day} 00:00:00+00"),
                    sql.Literal(f"{day + timedelta(days=1)} 00:00:00+00"),
                )
            )
            made.append(name)
    return made


def drop_old_partitions() -> list[str]:
    """Drop the days past `RAW_RETENTION_DAYS` that are rolled up; return their names."""
    dropped = []
    with transaction() as tx:
        today = tx.scalar("SELECT (now() AT TIME ZONE 'UTC')::date")
        assert today is not None
        oldest = today - timedelta(days=runtime().config.raw_retention_days)
        state = progress.read(tx)
        # A result that was due on a day may belong to an hour of the day after it.
        rolled_up = state.done_until.date() - timedelta(days=1) if state else date.min
        oldest = min(oldest, rolled_up)
        for day in sorted(_partitions(tx.driver)):
            if day < oldest:
                name = f"check_results_{day:%Y%m%d}"
                tx.driver.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
                dropped.append(name)
    return dropped


def _partitions(connection) -> set[date]:  # type: ignore[no-untyped-def]
    rows = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'check_results'::regclass"
    ).fetchall()
    return {date.fromisoformat(name.rsplit("_", 1)[1]) for (name,) in rows}


def purge_deleted_services() -> int:
    """Remove a batch of the history of deleted services; return how many rows went."""
    with transaction() as tx:
        row = tx.row(
            "SELECT service_id FROM history_purges ORDER BY requested_at LIMIT 1"
            " FOR UPDATE SKIP LOCKED"
        )
        if row is None:
            return 0
        removed = tx.driver.execute(
            "DELETE FROM check_results WHERE (service_id, scheduled_for, region) IN ("
            " SELECT service_id, scheduled_for, region FROM check_results"
            " WHERE service_id = %s LIMIT %s)",
            (row.service_id, _PURGE_BATCH),
        ).rowcount
        if removed < _PURGE_BATCH:
            hours = purging.purge_hours(tx, row.service_id)
            if hours == 0:
                tx.driver.execute(
                    "DELETE FROM history_purges WHERE service_id = %s", (row.service_id,)
                )
            removed += hours or 0
    return removed


def forget_expired() -> None:
    """Remove what has run out: tokens past their expiry, one-off probes past their patience."""
    with transaction() as tx:
        tx.driver.execute("DELETE FROM quarantine WHERE updated_at < now() - interval '1 day'")
        for table in ("revoked_tokens", "user_sessions"):
            tx.driver.execute(f"DELETE FROM {table} WHERE expires_at < now()")  # noqa: S608
        tx.driver.execute(
            "DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'"
        )
        tx.driver.execute("DELETE FROM invitations WHERE expires_at < now() - interval '30 days'")
        tx.driver.execute(
            "DELETE FROM probe_requests WHERE created_at < now() - interval '10 minutes'"
        )
