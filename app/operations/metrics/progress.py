"""Progress of the roll-ups, and the seal that makes late results mark their hours."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.platform.transaction import (
    DATABASE_AWAY,
    StatementRefusal,
    Transaction,
    refusal,
    transaction,
)

# Results are recorded within seconds; those that come later mark their hour, which costs more.
_SEAL_AFTER_SECONDS = 90
_TRIES = 5


class Busy(Exception):
    """Error while another process rolls up."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress: before `sealed_until` late results mark hours; before `done_until` all is done."""

    sealed_until: datetime
    done_until: datetime


_READ = "SELECT sealed_until, done_until FROM metric_progress"
_DAYS = (
    "SELECT inhrelid::regclass::text, to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD')"
    " FROM pg_inherits WHERE inhparent = 'check_results'::regclass ORDER BY 1"
)


def read(tx: Transaction) -> Progress | None:
    """Return how far the roll-ups have come; None before the first."""
    row = tx.driver.execute(_READ).fetchone()
    return None if row is None else Progress(*row)


def seal() -> Progress:
    """Seal the hours that are over and return how far the roll-ups have come.

    Recorders hold the lock SHARED from the begin of their transaction: what was stored before the
    seal is seen by whoever computes afterwards, what comes after it marks its hour. We never wait
    long for it, because recorders that come meanwhile wait behind us; another tick seals as well.
    """
    for _ in range(_TRIES):
        try:
            return _seal()
        except DATABASE_AWAY as error:
            if refusal(error) is not StatementRefusal.LOCK_TIMEOUT:
                raise
    with transaction() as tx:
        progress = read(tx)
    if progress is None:
        raise Busy
    return progress


def _seal() -> Progress:
    with transaction() as tx:
        (target,) = tx.scalars(
            "SELECT date_trunc('hour', now() - %s * interval '1 second')", (_SEAL_AFTER_SECONDS,)
        )
        progress = read(tx)
        if progress is not None and progress.sealed_until >= target:
            return progress
        tx.driver.execute("SET LOCAL lock_timeout = 200")
        tx.driver.execute("SELECT pg_advisory_xact_lock(hashtext('metrics seal'))")
        if progress is None:
            _begin(tx)
        tx.driver.execute("UPDATE metric_progress SET sealed_until = %s", (target,))
        progress = read(tx)
    assert progress is not None
    return progress


def _begin(tx: Transaction) -> None:
    """Write the row, beginning with the oldest day that holds a result."""
    for name, day in tx.driver.execute(_DAYS).fetchall():
        found = tx.driver.execute(f"SELECT EXISTS (SELECT FROM {name})").fetchone()  # noqa: S608
        if found == (True,):
            begin = day
            break
    else:
        begin = None
    tx.driver.execute(
        "INSERT INTO metric_progress (id, sealed_until, done_until)"
        " SELECT true, begin, begin FROM (SELECT date_trunc('hour',"
        " least(%s::timestamptz, now() - interval '1 hour')) AS begin) first"
        " ON CONFLICT DO NOTHING",
        (begin,),
    )


def done(hour: datetime, until: datetime) -> None:
    """Write that an hour is rolled up; whoever did the same hour meanwhile has written the same."""
    with transaction() as tx:
        tx.driver.execute(
            "UPDATE metric_progress SET done_until = %s WHERE done_until = %s", (until, hour)
        )


@contextmanager
def alone() -> Iterator[Transaction]:
    """Open a transaction that nobody else rolls up beside. Raises Busy."""
    with transaction() as tx:
        be_alone(tx)
        yield tx


def be_alone(tx: Transaction) -> None:
    """Have nobody else roll up until the transaction ends. Raises Busy."""
    row = tx.driver.execute(
        "SELECT pg_try_advisory_xact_lock(hashtext('metrics roll-up'))"
    ).fetchone()
    if row != (True,):
        raise Busy


_MARK = """
INSERT INTO metric_dirty (service_id, at, reason)
SELECT DISTINCT late.service_id, hour, 'late'
FROM unnest(%s::uuid[], %s::timestamptz[]) AS late (service_id, at)
CROSS JOIN LATERAL generate_series(date_trunc('hour', late.at), %s - interval '1 hour',
    interval '1 hour') AS hour
"""


def mark_late(tx: Transaction, results: Sequence[tuple[UUID, datetime]]) -> None:
    """Mark the hours of results that come after their hour was sealed, and all sealed ones since.

    A result speaks for its service beyond its hour. Called at the begin of a transaction that
    stores results: from here on until its commit nothing is sealed.
    """
    sealed_until = tx.scalar("SELECT metrics_sealed_until()")
    late = [result for result in results if sealed_until and result[1] < sealed_until]
    if late:
        ids, times = zip(*late, strict=True)
        tx.driver.execute(_MARK, (list(ids), list(times), sealed_until))
