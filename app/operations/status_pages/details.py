"""Details of services that a page shows where it says so: why one is down, where it is checked."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from app.domain.status_pages.causes import Cause, cause_of
from app.domain.status_pages.types import OF_STATUS, ShownState
from app.models.services import ScheduleEntry
from app.platform.transaction import Transaction

# The last failure of each, one step in the index of its results.
_LAST_FAILURES = """
SELECT wanted.id, last.failure_kind
FROM unnest(%(ids)s::uuid[]) AS wanted(id), LATERAL (
    SELECT failure_kind FROM check_results
    WHERE service_id = wanted.id AND failure_kind IS NOT NULL
      AND scheduled_for > now() - interval '1 day'
    ORDER BY scheduled_for DESC LIMIT 1
) AS last
"""


def causes(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Cause]:
    """Return why services that are down are so, as far as strangers may know."""
    if not ids:
        return {}
    rows = tx.driver.execute(_LAST_FAILURES, {"ids": list(ids)}).fetchall()
    return {id: cause for id, kind in rows if (cause := cause_of(kind)) is not None}


def regions(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, dict[str, ShownState]]:
    """Return how services are by the regions that they are checked from, in their order."""
    result: dict[UUID, dict[str, ShownState]] = {id: {} for id in ids}
    rows = tx.session.execute(
        select(ScheduleEntry.service_id, ScheduleEntry.region, ScheduleEntry.status)
        .where(ScheduleEntry.service_id.in_(result))
        .order_by(ScheduleEntry.region)
    )
    for id, region, status in rows:
        result[id][region] = OF_STATUS[status]
    return result
