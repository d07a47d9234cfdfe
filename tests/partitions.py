"""Partitions of past days, for tests that speak of more than yesterday."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

_PRESENT = (
    "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhrelid"
    " WHERE relkind = 'r'"
)


def make_days(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> None:
    """Make the partitions of raw results from one moment to another, where they are missing."""
    day = since.astimezone(UTC).date()
    while day <= until.astimezone(UTC).date():
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} PARTITION OF check_results"
                " FOR VALUES FROM ({}) TO ({})"
            ).format(
                sql.Identifier(f"check_results_{day:%Y%m%d}"),
                sql.Literal(f"{day} 00:00:00+00"),
                sql.Literal(f"{day + timedelta(days=1)} 00:00:00+00"),
            )
        )
        day += timedelta(days=1)


def present(connection: psycopg.Connection[Any]) -> set[str]:
    """Return the names of all partitions."""
    return {name for (name,) in connection.execute(_PRESENT, prepare=True)}


def drop_others(connection: psycopg.Connection[Any], kept: set[str]) -> None:
    """Drop the partitions but for some: each makes every plan of a query over the table longer.

    One that somebody reads just now stays until the next time.
    """
    for name in present(connection) - kept:
        with suppress(psycopg.errors.LockNotAvailable):
            connection.execute(
                sql.SQL("SET lock_timeout = '1s'; DROP TABLE {}; RESET lock_timeout").format(
                    sql.Identifier(name)
                )
            )
