"""Rows of SLA reports: uptime, downtime and what is left of the error budget."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.metrics.error_budget import ErrorBudget
from app.domain.metrics.totals import Totals
from app.operations.metrics import read
from app.platform.errors import NotFound
from app.platform.transaction import transaction

FIGURES = (
    "uptime_percentage",
    "is_met",
    "downtime_seconds",
    "known_seconds",
    "maintenance_seconds",
    "unknown_seconds",
    "incidents",
    "longest_outage_seconds",
    "error_budget_seconds",
    "error_budget_left_seconds",
    "error_budget_left_percentage",
)
_SERVICES = """
SELECT s.id, s.name FROM services s
WHERE s.organization_id = %(organization_id)s
  AND (%(ids)s::uuid[] IS NULL OR s.id = ANY(%(ids)s)) ORDER BY s.name, s.id
"""


def report(
    organization_id: UUID,
    since: datetime,
    until: datetime,
    target: float,
    service_ids: Sequence[UUID] | None,
) -> dict[str, Any]:
    """Return the report of all services or of some, by name, and their sum.

    Times in seconds; the window is the one that was answered. Raises NotFound for a service that
    the organization does not have.
    """
    wanted = None if service_ids is None else list(dict.fromkeys(service_ids))
    with transaction() as tx:
        values = {"organization_id": organization_id, "ids": wanted}
        rows = tx.driver.execute(_SERVICES, values).fetchall()
        if wanted is not None and len(rows) != len(wanted):
            raise NotFound
        parts = read.pieces(tx, since, until)
        figures = read.read(tx, [id for id, _ in rows], parts)
        ((name, timezone),) = tx.driver.execute(
            "SELECT name, timezone FROM organizations WHERE id = %s", (organization_id,)
        ).fetchall()
    totals = [figures[id].totals for id, _ in rows]
    return {
        "organization": name,
        "timezone": timezone,
        "period_start": parts[0].since,
        "period_end": parts[-1].until,
        "sla_target": target,
        "services": [
            {"service_id": id, "name": service_name} | _row(target, [figures[id].totals])
            for id, service_name in rows
        ],
        "total": _row(target, totals),
    }


def _row(target: float, totals: Sequence[Totals]) -> dict[str, Any]:
    down_ms = sum(one.down_ms for one in totals)
    budget = ErrorBudget(target, sum(one.up_ms for one in totals), down_ms)
    return {
        "uptime_percentage": budget.uptime_percentage,
        "is_met": budget.is_met,
        "downtime_seconds": down_ms / 1000,
        "known_seconds": sum(one.known_ms for one in totals) / 1000,
        "maintenance_seconds": sum(one.maintenance_ms for one in totals) / 1000,
        "unknown_seconds": sum(one.unknown_ms for one in totals) / 1000,
        "incidents": sum(one.outages for one in totals),
        "longest_outage_seconds": max((one.longest_outage_ms for one in totals), default=0) / 1000,
        "error_budget_seconds": budget.seconds,
        "error_budget_left_seconds": budget.left_seconds,
        "error_budget_left_percentage": budget.left_percentage,
    }
