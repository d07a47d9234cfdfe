"""Figures of an organization and of each of its services, side by side."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.metrics import histogram
from app.domain.metrics.bucket import Bucket
from app.domain.metrics.totals import percentage
from app.operations import paging
from app.operations.metrics import read
from app.operations.metrics.read import Sums
from app.platform.transaction import transaction

NamePosition = tuple[str, UUID]

_WORST = 5
_SHARES = (0.5, 0.95, 0.99)
_SERVICES = """
SELECT id, name, status FROM services
WHERE organization_id = %(organization_id)s AND (%(tag)s::text IS NULL OR %(tag)s = ANY(tags))
ORDER BY name, id
"""
_PAGE = """
SELECT id, name, status FROM services
WHERE organization_id = %(organization_id)s AND (%(tag)s::text IS NULL OR %(tag)s = ANY(tags))
  AND {where} {order_by}
"""
# What another alert hides was told to nobody, so nobody could acknowledge it.
_ALERTS = """
SELECT count(*), avg(date_part('epoch', acknowledged_at - fired_at)),
    avg(date_part('epoch', resolved_at - fired_at))
FROM alerts
WHERE organization_id = %(organization_id)s AND fired_at >= %(since)s AND fired_at < %(until)s
  AND suppressed_by IS NULL AND (%(tag)s::text IS NULL OR service_id = ANY(%(ids)s))
"""
_LATENESS = """
SELECT coalesce(string_agg(late_hist, ''), '') FROM metric_org_hours
WHERE organization_id = %(organization_id)s AND at >= %(since)s - interval '1 hour'
  AND at < %(until)s
"""


def overview(
    organization_id: UUID, since: datetime, until: datetime, tag: str | None
) -> dict[str, Any]:
    """Return the figures of all services together, or of those with a tag.

    Uptime is the sum of up over the sum of up and down: a service that was watched for longer
    weighs more. Response times in milliseconds, within 1 %; MTTA and MTTR over the alerts that
    fired in the window and were acknowledged, or resolved. Lateness is that of all services.
    """
    values = {"organization_id": organization_id, "since": since, "until": until, "tag": tag}
    with transaction() as tx:
        rows = tx.rows(_SERVICES, values)
        ids = [row.id for row in rows]
        parts = read.pieces(tx, since, until)
        sums, times = read.sums(tx, organization_id, ids, parts)
        worst = _worst(sums)
        figures = read.read(tx, worst, parts, with_histogram=True)
        fired, mtta, mttr = tx.driver.execute(_ALERTS, values | {"ids": ids}).fetchall()[0]
        late = tx.scalar(_LATENESS, values)
    lows = [one.min_ms for one in sums.values() if one.min_ms is not None]
    highs = [one.max_ms for one in sums.values() if one.max_ms is not None]
    p50, p95, p99 = histogram.percentiles(
        times, _SHARES, min(lows, default=None), max(highs, default=None)
    )
    by_id = {row.id: row for row in rows}
    return {
        "period_start": parts[0].since,
        "period_end": parts[-1].until,
        "services": dict(Counter(row.status for row in rows)),
        "checks": sum(one.checks for one in sums.values()),
        "failed_checks": sum(one.failed for one in sums.values()),
        "uptime_percentage": percentage(
            sum(one.up_ms for one in sums.values()),
            sum(one.down_ms for one in sums.values()),
        ),
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "alerts_fired": fired,
        "mtta_seconds": mtta,
        "mttr_seconds": mttr,
        "worst_services": [_service(by_id[id], figures[id]) for id in worst],
        "schedule_lateness_p99_ms": histogram.percentile(
            histogram.merged([late or b""]), 0.99, None, None
        ),
    }


def by_service(
    organization_id: UUID,
    since: datetime,
    until: datetime,
    tag: str | None,
    *,
    limit: int,
    after: NamePosition | None,
) -> tuple[list[dict[str, Any]], NamePosition | None]:
    """Return the figures of a page of services, by name, and where to go on (None at the end)."""
    part = paging.seek("name", "id", limit=limit, after=after, is_descending=False)
    values = {"organization_id": organization_id, "tag": tag, **part.values}
    with transaction() as tx:
        rows = tx.rows(_PAGE.format(where=part.where, order_by=part.order_by), values)
        rows, position = paging.cut(rows, limit, lambda row: (row.name, row.id))
        parts = read.pieces(tx, since, until)
        figures = read.read(tx, [row.id for row in rows], parts, with_histogram=True)
    found = [_service(row, figures[row.id]) for row in rows]
    return found, None if position is None else (position[0], position[1])


def _worst(sums: Mapping[UUID, Sums]) -> list[UUID]:
    """Return the services of the lowest uptime, then of the most downtime."""
    uptimes = {id: percentage(one.up_ms, one.down_ms) for id, one in sums.items()}
    known = [
        (uptime, -sums[id].down_ms, id) for id, uptime in uptimes.items() if uptime is not None
    ]
    # Sorting is stable: of equal ones the first by name.
    return [id for *_, id in sorted(known, key=lambda one: one[:2])[:_WORST]]


def _service(row: Any, figures: Bucket) -> dict[str, Any]:
    p50, p95, p99 = figures.percentiles(*_SHARES)
    sums = figures.totals
    return {
        "service_id": row.id,
        "name": row.name,
        "status": row.status,
        "uptime_percentage": sums.uptime_percentage,
        "known_seconds": sums.known_ms / 1000,
        "downtime_seconds": sums.down_ms / 1000,
        "unknown_seconds": sums.unknown_ms / 1000,
        "incidents": sums.outages,
        "checks": figures.checks,
        "failed_checks": figures.failed,
        "avg_ms": figures.mean_ms,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
    }
