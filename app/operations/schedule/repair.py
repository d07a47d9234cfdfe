"""Find and mend what a crash, or a person with a database console, left behind."""

from app.platform.transaction import transaction

# Every region of a service must have a schedule entry, and an active one must have a due time.
_MISSING_ENTRIES = """
INSERT INTO schedule_entries (service_id, region, next_due_at, status, consecutive_failures,
    consecutive_successes)
SELECT s.id, region, CASE WHEN s.is_active THEN now() END, 'PENDING', 0, 0
FROM services s CROSS JOIN unnest(s.regions) AS region
ON CONFLICT DO NOTHING
"""

_STRAY_ENTRIES = """
DELETE FROM schedule_entries e USING services s
WHERE s.id = e.service_id AND NOT e.region = ANY(s.regions)
"""

_SLEEPING_ENTRIES = """
UPDATE schedule_entries e SET next_due_at = now() FROM services s
WHERE s.id = e.service_id AND s.is_active AND e.next_due_at IS NULL
"""

# A clock that was set back leaves due times too far ahead: nothing is due later than one interval.
_FAR_FUTURE = """
UPDATE schedule_entries e SET next_due_at = now() FROM services s
WHERE s.id = e.service_id
  AND e.next_due_at > now() + (s.check_interval_seconds + 5) * interval '1 second'
"""

_MENDINGS = {
    "services without a schedule entry": _MISSING_ENTRIES,
    "schedule entries of regions a service has left": _STRAY_ENTRIES,
    "active services without a due time": _SLEEPING_ENTRIES,
    "due times beyond one interval": _FAR_FUTURE,
}


def mend() -> dict[str, int]:
    """Repair the schedule; return how many rows of each kind were mended."""
    with transaction() as tx:
        return {what: tx.driver.execute(sql).rowcount for what, sql in _MENDINGS.items()}
