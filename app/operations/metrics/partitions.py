"""Partitions of the roll-ups: made when an hour needs them, dropped when they are too old."""

from datetime import UTC, datetime, timedelta

from psycopg import sql

from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction, transaction

_PRESENT = (
    "SELECT inhrelid::regclass::text FROM pg_inherits"
    " WHERE inhparent IN ('metric_hours'::regclass, 'metric_region_hours'::regclass,"
    " 'metric_fives'::regclass)"
)


def _month(at: datetime) -> tuple[datetime, datetime]:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=31)).replace(day=1)


def _week(at: datetime) -> tuple[datetime, datetime]:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=midnight.weekday())
    return monday, monday + timedelta(days=7)


_SPANS = {"metric_hours": _month, "metric_region_hours": _month, "metric_fives": _week}


def ensure(at: datetime) -> None:
    """Make the partitions that hold an hour, unless they are there."""
    wanted = {
        f"{table}_{begin:%Y%m%d}": (table, begin, end)
        for table, span in _SPANS.items()
        for begin, end in (span(at.astimezone(UTC)),)
    }
    with transaction() as tx:
        for name in wanted.keys() - _present(tx):
            table, begin, end = wanted[name]
            tx.driver.execute(
                sql.SQL(
                    "CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})"
                ).format(
                    sql.Identifier(name),
                    sql.Identifier(table),
                    sql.Literal(begin.isoformat()),
                    sql.Literal(end.isoformat()),
                )
            )


def drop_old(now: datetime) -> list[str]:
    """Drop the partitions that lie past their retention altogether; return their names."""
    config = runtime().config
    kept = {
        "metric_hours": now - timedelta(days=config.hours_retention_days),
        "metric_region_hours": now - timedelta(days=config.hours_retention_days),
        "metric_fives": now - timedelta(days=config.fives_retention_days),
    }
    dropped = []
    with transaction() as tx:
        for name in sorted(_present(tx)):
            table, _, day = name.rpartition("_")
            _, end = _SPANS[table](datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC))
            if end <= kept[table]:
                tx.driver.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
                dropped.append(name)
    return dropped


def _present(tx: Transaction) -> set[str]:
    return {name for (name,) in tx.driver.execute(_PRESENT).fetchall()}
