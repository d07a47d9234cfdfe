"""The schedule entries of services as edits change them; the checks themselves are in `checks`.

Clearing a lease voids the check in flight: its result is not accepted any more. Workers claim ahead
and sleep; whatever is changed here wakes them after the commit.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from app.domain.locations.regions import is_location
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction

# A thousand at once would wait for one another, and be a flood where they ask the same server.
_ONE_AFTER_ANOTHER = """
now() + (row_number() OVER (PARTITION BY region ORDER BY service_id) - 1) / 100 * interval '0.2 s'
"""
_RESTART = f"""
UPDATE schedule_entries e
SET next_due_at = CASE WHEN %s THEN entry.due_at END, lease_token = NULL, lease_until = NULL
FROM (
    SELECT service_id, region, {_ONE_AFTER_ANOTHER} AS due_at
    FROM schedule_entries WHERE service_id = ANY(%s)
) entry
WHERE e.service_id = entry.service_id AND e.region = entry.region RETURNING e.region
"""  # noqa: S608  fixed pieces of SQL
# Who records a check of one at this moment may wait for us; and has just looked.
_RECHECK = f"""
WITH free AS MATERIALIZED (
    SELECT service_id, region FROM schedule_entries
    WHERE service_id = ANY(%s) AND next_due_at > now()
      AND (lease_until IS NULL OR lease_until < now())
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE schedule_entries e SET next_due_at = entry.due_at
FROM (SELECT service_id, region, {_ONE_AFTER_ANOTHER} AS due_at FROM free) entry
WHERE e.service_id = entry.service_id AND e.region = entry.region RETURNING e.region
"""  # noqa: S608  fixed pieces of SQL


def add(tx: Transaction, service_id: UUID, regions: Sequence[str], *, due: bool) -> None:
    """Add an entry for each region: due at once, or paused."""
    tx.driver.execute(
        "INSERT INTO schedule_entries (service_id, region, next_due_at, status,"
        " consecutive_failures, consecutive_successes)"
        " SELECT %s, region, CASE WHEN %s THEN now() END, 'PENDING', 0, 0"
        " FROM unnest(%s::text[]) AS region ON CONFLICT DO NOTHING",
        (service_id, due, list(regions)),
    )
    if due:
        _wake(tx, regions)


def set_regions(tx: Transaction, service_id: UUID, regions: Sequence[str]) -> None:
    """Leave an entry for exactly these regions; new ones wait for `restart`."""
    tx.driver.execute(
        "DELETE FROM schedule_entries WHERE service_id = %s AND region <> ALL(%s)",
        (service_id, list(regions)),
    )
    add(tx, service_id, regions, due=False)


def restart(tx: Transaction, ids: Sequence[UUID], *, due: bool) -> None:
    """Make services due at once, 500 a second of many, or never while they are paused."""
    _wake(tx, tx.scalars(_RESTART, (due, list(ids))))


def recheck(tx: Transaction, service_ids: Sequence[UUID]) -> None:
    """Make services due at once, 500 a second of many, within a transaction others may wait for."""
    if service_ids:
        _wake(tx, tx.scalars(_RECHECK, (list(service_ids),)))


def bring_forward(tx: Transaction, service_id: UUID) -> None:
    """Make a service due at once where nobody is checking it already."""
    # In the order in which batches and edits lock those of several regions.
    regions = tx.scalars(
        "UPDATE schedule_entries e SET next_due_at = now() FROM ("
        " SELECT service_id, region FROM schedule_entries WHERE service_id = %s"
        " AND next_due_at > now() AND (lease_until IS NULL OR lease_until < now())"
        " ORDER BY region FOR NO KEY UPDATE"
        ") free WHERE e.service_id = free.service_id AND e.region = free.region RETURNING e.region",
        (service_id,),
    )
    _wake(tx, regions)


def hint(region: str) -> None:
    """Say that something is due in a region. Agents at a location are woken, and take no jobs."""
    hints = runtime().hints
    if is_location(region):
        hints.wake(region)
    else:
        hints.probes(region)


def _wake(tx: Transaction, regions: Iterable[str]) -> None:
    for region in set(regions):
        tx.after_commit_once(runtime().hints.wake, region)
