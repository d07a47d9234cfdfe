"""Removal of the figures of deleted services, also from those of their organizations."""

from uuid import UUID

from app.operations.metrics import days, progress
from app.platform.transaction import Transaction

_HOURS_AT_ONCE = 200
_HOURS = """
DELETE FROM metric_hours WHERE (service_id, at) IN (
    SELECT service_id, at FROM metric_hours WHERE service_id = %s LIMIT %s)
RETURNING organization_id, at
"""
_REST = ("metric_region_hours", "metric_fives", "metric_days", "metric_dirty")


def purge_hours(tx: Transaction, service_id: UUID) -> int | None:
    """Remove a batch of hours of a service, and put those of its organization together anew.

    Returns how many went; 0: none is left, and the other figures of the service are gone as well.
    None: somebody rolls up right now, and nothing was removed.
    """
    try:
        progress.be_alone(tx)
    except progress.Busy:
        return None
    gone = tx.driver.execute(_HOURS, (service_id, _HOURS_AT_ONCE)).fetchall()
    for organization_id, hour in gone:
        days.compute_organizations(tx, [organization_id], hour, raw=False)
    if not gone:
        for table in _REST:
            tx.driver.execute(
                f"DELETE FROM {table} WHERE service_id = %s".encode(),  # noqa: S608  constants
                (service_id,),
            )
    return len(gone)
