"""Days of services as a page shows them: the product's one uptime, and how slow they were."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.domain.status_pages.days import Day
from app.operations.metrics.local_days import UptimeDay, daily_uptime
from app.platform.transaction import Transaction

# Slowness is no downtime: a share of the checks of whole hours is enough for a status.
_SLOW = """
SELECT service_id, width_bucket(at, %(begins)s::timestamptz[]) - 1,
    sum(slow)::float / greatest(sum(checks), 1)
FROM metric_hours
WHERE service_id = ANY(%(ids)s) AND at >= %(since)s AND at < %(until)s
GROUP BY 1, 2
"""


def daily(
    tx: Transaction, ids: Sequence[UUID], timezone: str, days: int, now: datetime
) -> dict[UUID, list[Day]]:
    """Return the local days of services, the oldest first; today counts until now."""
    if not ids:
        return {}
    found = daily_uptime(tx, ids, timezone, days, now)
    begins = [day.since for day in found[ids[0]]]
    values = {"ids": list(ids), "begins": begins, "since": begins[0], "until": now}
    slow: dict[tuple[UUID, int], float] = {
        (service_id, place): share
        for service_id, place, share in tx.driver.execute(_SLOW, values).fetchall()
    }
    return {
        id: [_day(day, slow.get((id, place), 0.0)) for place, day in enumerate(found[id])]
        for id in ids
    }


def _day(day: UptimeDay, slow: float) -> Day:
    spent = day.milliseconds
    return Day(
        date=day.day,
        up_ms=spent.up,
        down_ms=spent.down,
        maintenance_ms=spent.maintenance,
        slow=slow,
    )
