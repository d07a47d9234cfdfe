"""Retention of pings and flips, and repair of heartbeats that no sweep would find."""

from uuid import UUID

from app.platform.transaction import transaction

KEPT_PINGS = 1_000  # of each heartbeat
KEPT_DAYS = 90
ALWAYS_KEPT_PINGS = 100  # however old: a yearly job has a history too
_FLIPS_DAYS = 400
_HEARTBEATS = 500
_DELETED = 20_000

# Down the index of one heartbeat's pings: the newest ones are skipped, the rest goes. Each border
# is found once, and what goes is collected before it goes: joined to the pings directly, the
# planner may look for the border of each ping anew, by statistics of a time when there were few.
_PRUNE = """
WITH borders AS MATERIALIZED (
    SELECT wanted.id AS heartbeat_id, newest_old.id
    FROM unnest(%(ids)s::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT p.id FROM heartbeat_pings p WHERE p.heartbeat_id = wanted.id
        ORDER BY p.id DESC OFFSET %(kept)s LIMIT 1
    ) AS newest_old
)
DELETE FROM heartbeat_pings WHERE id = ANY (ARRAY(
    SELECT old.id FROM borders
    CROSS JOIN LATERAL (
        SELECT p.id FROM heartbeat_pings p
        WHERE p.heartbeat_id = borders.heartbeat_id AND p.id <= borders.id
          AND p.received_at < now() - %(days)s * interval '1 day'
    ) AS old
    LIMIT %(limit)s
))
"""


def prune_pings(after: UUID | None = None) -> tuple[int, UUID | None]:
    """Remove old pings of a batch of heartbeats, in the order of their ids from `after` on.

    Returns how many went, and where to go on; None at the end.
    """
    with transaction() as tx:
        ids = tx.scalars(
            "SELECT id FROM heartbeats WHERE %(after)s::uuid IS NULL OR id > %(after)s"
            " ORDER BY id LIMIT %(limit)s",
            {"after": after, "limit": _HEARTBEATS},
        )
        removed = 0
        for kept, days in ((KEPT_PINGS, 0), (ALWAYS_KEPT_PINGS, KEPT_DAYS)):
            values = {"ids": ids, "kept": kept, "days": days, "limit": _DELETED}
            removed += tx.driver.execute(_PRUNE, values).rowcount
    return removed, ids[-1] if len(ids) == _HEARTBEATS else None


def forget() -> None:
    """Remove flips and gaps that nobody asks for any more."""
    with transaction() as tx:
        for table, column in (("heartbeat_flips", "at"), ("ingest_gaps", "ends_at")):
            tx.driver.execute(
                f"DELETE FROM {table} WHERE {column} < now() - %s * interval '1 day'",  # noqa: S608
                (_FLIPS_DAYS,),
            )


def mend() -> int:
    """Give heartbeats that time may change a time to be looked at; return how many had none."""
    with transaction() as tx:
        return tx.driver.execute(
            "UPDATE heartbeats SET next_look_at = now() WHERE next_look_at IS NULL"
            " AND status NOT IN ('missed', 'failed', 'paused')"
        ).rowcount
