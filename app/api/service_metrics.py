"""/services/…/metrics, /uptime: figures of a service."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.api.http import Blueprint
from app.api.standby_reads import from_standby
from app.api.windows import window
from app.models.services import Service
from app.operations.metrics import regions, series
from app.operations.metrics.uptime import Uptime
from app.operations.metrics.uptime import uptime as uptime_of
from app.operations.services import history as service_history
from app.platform.clock import utcnow
from app.schemas.metrics import (
    INTERVALS,
    MetricsQuerySchema,
    PointSchema,
    RegionFiguresSchema,
    UptimeSchema,
    WindowSchema,
)
from app.security.access import budget, find, principal, requires

NOTHING_RECORDED = "no historical uptime report computed yet"
NOTHING_KNOWN = "nothing is known of this time"
_DAY = timedelta(days=1)

bp = Blueprint(
    "service_metrics", __name__, url_prefix="/services", description="Figures of a service."
)


@bp.get("/<uuid:service_id>/metrics")
@requires("services:read")
@bp.accepts(MetricsQuerySchema, location="query")
@bp.returns(PointSchema(many=True))
@budget("figures of services", 600)
@from_standby
def metrics(query: dict[str, Any], service_id: UUID) -> list[dict[str, Any]]:
    """Read the series of a service

    Oldest first, for charts; the last 24 hours unless `from` and `to` say otherwise. With
    `interval` the results are put together. Minutes are there as long as single results are kept.
    """
    find(Service, service_id)
    since, until = window(query, "from_", "to", _DAY)
    if "interval" in query:
        return series.buckets(service_id, since, until, INTERVALS[query["interval"]])
    return service_history.series(service_id, since, until)


@bp.get("/<uuid:service_id>/metrics/regions")
@requires("services:read")
@bp.accepts(WindowSchema, location="query")
@bp.returns(RegionFiguresSchema(many=True))
@budget("figures of services", 600)
@from_standby
def by_region(query: dict[str, Any], service_id: UUID) -> list[regions.RegionFigures]:
    """Read the figures of a service by region

    Of the whole hours (UTC) that the window touches, in which more than one region checked; the
    last 24 hours unless `from` and `to` say otherwise. Empty for a service of one region. Uptime
    is the service's own: regions decide it together.
    """
    find(Service, service_id)
    since, until = window(query, "from_", "to", _DAY)
    organization_id = principal().organization_id
    return regions.by_region(organization_id, service_id, since, _up_to_now(since, until))


@bp.get("/<uuid:service_id>/uptime")
@requires("services:read")
@bp.accepts(WindowSchema, location="query")
@bp.returns(UptimeSchema)
@budget("figures of services", 600)
@from_standby
def uptime(query: dict[str, Any], service_id: UUID) -> dict[str, Any]:
    """Read the uptime of a service

    The last 30 days unless `from` and `to` say otherwise. Measured in seconds of the confirmed
    status, so thresholds and regions count; the alert metric `uptime_percentage` counts results.
    """
    service = find(Service, service_id)
    since, until = window(query, "from_", "to", 30 * _DAY)
    found = uptime_of(service_id, since, _up_to_now(since, until))
    if not found.figures.checks and found.nothing_recorded:
        return {"service_id": service_id, "status": service.status, "note": NOTHING_RECORDED}
    return to_json(found)


def _up_to_now(since: datetime, until: datetime) -> datetime:
    now = utcnow()
    return min(until, now) if since < now else until


def to_json(found: Uptime) -> dict[str, Any]:
    """Return an uptime as the API writes it."""
    sums = found.figures.totals
    answer = {
        "service_id": found.service_id,
        "period_start": found.since,
        "period_end": found.until,
        "uptime_percentage": found.percentage,
        "total_checks": found.figures.checks,
        "failed_checks": found.figures.failed,
        "check_success_percentage": found.figures.check_success_percentage,
        "known_seconds": seconds(sums.known_ms),
        "downtime_seconds": seconds(sums.down_ms),
        "unknown_seconds": seconds(sums.unknown_ms),
        "maintenance_seconds": seconds(sums.maintenance_ms),
        "paused_seconds": seconds(sums.paused_ms),
        "pending_seconds": seconds(sums.pending_ms),
        "incidents": sums.outages,
        "longest_outage_seconds": seconds(sums.longest_outage_ms),
        "corrections": [
            {
                "id": one.id,
                "from": one.since,
                "to": one.until,
                "kind": one.kind,
                "reason": one.reason,
                "by": one.by,
            }
            for one in found.corrections
        ],
    }
    return answer if found.percentage is not None else answer | {"note": NOTHING_KNOWN}


def seconds(milliseconds: int) -> float:
    """Return milliseconds as seconds, whole where they are."""
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000
