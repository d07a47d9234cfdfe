"""Counts of an organization's services, by what lists are filtered by."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.rows import namedtuple_row

from app.domain.types import Status
from app.operations.services.queries import filtered
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.transaction import transaction

_COLUMNS = "s.id, s.status, s.is_active, s.tags, s.check_type, s.environment"


def summary(organization_id: UUID, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many services match the filters of a list, in all and by each property."""
    where, values = filtered(organization_id, filters)
    # Fixed pieces of SQL; what the caller wrote travels as parameters.
    statement = f"SELECT {_COLUMNS} FROM services s WHERE {where}"  # noqa: S608
    with transaction() as tx:
        cursor = tx.driver.cursor(row_factory=namedtuple_row)
        rows: list[Any] = cursor.execute(statement, values).fetchall()
        current, now = alerting_snapshots(tx, {organization_id})[organization_id], tx.now()
        in_maintenance = sum(
            current.maintenance_until(row.id, row.tags, now) is not None
            for row in (rows if current.windows else ())
        )
    statuses = Counter(row.status for row in rows if row.is_active)
    return {
        "total": len(rows),
        "paused": sum(not row.is_active for row in rows),
        "in_maintenance": in_maintenance,
        "by_status": {status.value: statuses[status.value] for status in Status},
        "by_tag": _sorted(Counter(tag for row in rows for tag in row.tags)),
        "by_check_type": _sorted(Counter(row.check_type for row in rows)),
        "by_environment": _sorted(Counter(row.environment for row in rows)),
    }


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
