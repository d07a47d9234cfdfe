"""Latest results of many services, for the bars of a list: one query for a screenful."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import namedtuple_row

from app.platform.events import timestamp
from app.platform.transaction import transaction

# The partitions are walked backwards, each by its primary key, until there are enough.
_LATEST = """
SELECT s.id AS service_id, r.checked_at, r.region, r.status, r.response_time_ms, r.in_maintenance
FROM services s
LEFT JOIN LATERAL (
    SELECT * FROM check_results c
    WHERE c.service_id = s.id AND c.scheduled_for > now() - interval '30 days'
    ORDER BY c.scheduled_for DESC, c.region DESC LIMIT %(count)s
) r ON true
WHERE s.organization_id = %(organization_id)s AND s.id = ANY(%(ids)s)
ORDER BY r.scheduled_for, r.region
"""


def latest(organization_id: UUID, ids: Sequence[UUID], count: int) -> list[dict[str, Any]]:
    """Return the latest `count` results of each service, oldest first, in the order of the ids.

    Ids of other organizations are left out like those of nobody.
    """
    values = {"organization_id": organization_id, "ids": list(ids), "count": count}
    with transaction() as tx:
        rows: list[Any] = (
            tx.driver.cursor(row_factory=namedtuple_row).execute(_LATEST, values).fetchall()
        )
    beats: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        found = beats.setdefault(row.service_id, [])
        if row.checked_at is not None:
            found.append(
                {
                    "checked_at": timestamp(row.checked_at),
                    "region": row.region,
                    "status": row.status,
                    "response_time_ms": row.response_time_ms,
                    "in_maintenance": row.in_maintenance,
                }
            )
    return [{"service_id": id, "beats": beats[id]} for id in ids if id in beats]
