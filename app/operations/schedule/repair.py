"""Repair of what a crash, or a person with a database console, left behind.

A sixteenth of the services in each round, in short transactions of their own: what is checked at
the same moment waits for none of them for long.
"""

from uuid import UUID

from app.platform.transaction import transaction

SLICES = 16
_SMALL = 10_000  # as many services are looked at in one go

# Every region of a service must have a schedule entry, and an active one must have a due time.
_MISSING_ENTRIES = """
INSERT INTO schedule_entries (service_id, region, next_due_at, status, consecutive_failures,
    consecutive_successes)
SELECT s.id, region, CASE WHEN s.is_active THEN now() END, 'PENDING', 0, 0
FROM services s CROSS JOIN unnest(s.regions) AS region
WHERE s.id BETWEEN %(first)s AND %(last)s AND NOT EXISTS (
    SELECT FROM schedule_entries e WHERE e.service_id = s.id AND e.region = region.region
)
ON CONFLICT DO NOTHING
"""

_STRAY_ENTRIES = """
DELETE FROM schedule_entries e USING services s
WHERE s.id = e.service_id AND s.id BETWEEN %(first)s AND %(last)s
  AND e.service_id BETWEEN %(first)s AND %(last)s AND NOT e.region = ANY(s.regions)
"""

_SLEEPING_ENTRIES = """
UPDATE schedule_entries e SET next_due_at = now() FROM services s
WHERE s.id = e.service_id AND s.id BETWEEN %(first)s AND %(last)s
  AND e.service_id BETWEEN %(first)s AND %(last)s AND s.is_active AND e.next_due_at IS NULL
"""

# A clock that was set back leaves due times too far ahead: nothing is due later than one interval.
_FAR_FUTURE = """
UPDATE schedule_entries e SET next_due_at = now() FROM services s
WHERE s.id = e.service_id AND s.id BETWEEN %(first)s AND %(last)s
  AND e.service_id BETWEEN %(first)s AND %(last)s
  AND e.next_due_at > now() + (s.check_interval_seconds + 5) * interval '1 second'
"""

_MENDINGS = {
    "services without a schedule entry": _MISSING_ENTRIES,
    "schedule entries of regions a service has left": _STRAY_ENTRIES,
    "active services without a due time": _SLEEPING_ENTRIES,
    "due times beyond one interval": _FAR_FUTURE,
}


def mend_next(number: int) -> dict[str, int]:
    """Repair all services where they are few, else the slice of a number; see `mend`."""
    with transaction() as tx:
        count = tx.scalar("SELECT reltuples FROM pg_class WHERE oid = 'services'::regclass")
    return mend(number if count and count > _SMALL else None)


def mend(number: int | None = None) -> dict[str, int]:
    """Repair the schedule of one slice of the services; return how many rows of each kind.

    The slice is that of a number, which counts on with every round; without one it is all.
    """
    first, last = UUID(int=0), UUID(int=2**128 - 1)
    if number is not None:
        width = 2**128 // SLICES
        start = number % SLICES * width
        first, last = UUID(int=start), UUID(int=start + width - 1)
    mended = {}
    for what, statement in _MENDINGS.items():
        with transaction() as tx:
            values = {"first": first, "last": last}
            mended[what] = tx.driver.execute(statement, values).rowcount
    return mended
