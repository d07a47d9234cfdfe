"""Partitions of past days, for tests that speak of more than yesterday."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql


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
