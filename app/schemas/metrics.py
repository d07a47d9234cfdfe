"""Schemas of figures of services."""

from datetime import timedelta

from marshmallow import fields

from app.schemas.base import BaseSchema, Choice, Moment
from app.schemas.services import STATUSES

INTERVALS = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}


class WindowSchema(BaseSchema):
    """A window of time, `from` included and `to` not."""

    from_ = Moment(data_key="from", metadata={"examples": ["2026-03-01T00:00:00Z"]})
    to = Moment(metadata={"description": "Default: now."})


class MetricsQuerySchema(WindowSchema):
    """A window, and how fine to cut it; every result by itself without `interval`."""

    interval = Choice(*INTERVALS)


class PointSchema(BaseSchema):
    """One result (without `interval`), or one interval of time put together (with it)."""

    timestamp = Moment(required=True)
    status = Choice(*STATUSES)
    response_time_ms = fields.Float(allow_none=True)
    status_code = fields.Integer(allow_none=True)
    checks = fields.Integer()
    failed = fields.Integer()
    uptime_percentage = fields.Float(
        allow_none=True, metadata={"description": "By seconds of the confirmed status."}
    )
    avg_ms = fields.Float(allow_none=True)
    min_ms = fields.Float(allow_none=True)
    max_ms = fields.Float(allow_none=True)
    p50_ms = fields.Float(
        allow_none=True,
        metadata={"description": "Nearest rank; of intervals of an hour or more within 1 %."},
    )
    p95_ms = fields.Float(allow_none=True)
    p99_ms = fields.Float(allow_none=True)


class RegionFiguresSchema(BaseSchema):
    """Figures of the checks of one region; response times in milliseconds, within 1 %."""

    region = fields.String(required=True, metadata={"examples": ["eu"]})
    checks = fields.Integer(
        required=True, metadata={"description": "Results of the region, by their own status."}
    )
    failed_checks = fields.Integer(required=True)
    check_success_percentage = fields.Float(required=True, allow_none=True)
    avg_ms = fields.Float(required=True, allow_none=True)
    min_ms = fields.Float(required=True, allow_none=True)
    max_ms = fields.Float(required=True, allow_none=True)
    p50_ms = fields.Float(required=True, allow_none=True)
    p95_ms = fields.Float(required=True, allow_none=True)
    p99_ms = fields.Float(required=True, allow_none=True)


class AppliedCorrectionSchema(BaseSchema):
    """A correction that stands in a window."""

    id = fields.UUID(required=True)
    from_ = Moment(data_key="from", required=True)
    to = Moment(required=True)
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "An address."})


class UptimeSchema(BaseSchema):
    """Uptime over a window; only `service_id`, `status` and `note` where nothing was recorded.

    Seconds are those of the confirmed status, to the millisecond; all kinds add up to the window.
    GREEN and YELLOW are up, RED is down; the rest does not count.
    """

    service_id = fields.UUID(required=True)
    status = Choice(*STATUSES)
    note = fields.String(metadata={"description": "Why there is no percentage."})
    period_start = Moment(
        metadata={"description": "Widened to the hour or the day where nothing finer is kept."}
    )
    period_end = Moment()
    uptime_percentage = fields.Float(
        allow_none=True,
        metadata={
            "description": "100 x up / (up + down), never rounded to 100 or 0; null: unknown.",
            "examples": [99.82],
        },
    )
    total_checks = fields.Integer(
        metadata={"description": "Results by their own status.", "examples": [43200]}
    )
    failed_checks = fields.Integer(metadata={"examples": [78]})
    check_success_percentage = fields.Float(allow_none=True)
    known_seconds = fields.Float(metadata={"description": "Up and down."})
    downtime_seconds = fields.Float()
    unknown_seconds = fields.Float(
        metadata={"description": "Nobody looked, or the monitor could not tell."}
    )
    maintenance_seconds = fields.Float()
    paused_seconds = fields.Float()
    pending_seconds = fields.Float(
        metadata={"description": "Before the first check, or not yet confirmed."}
    )
    incidents = fields.Integer(
        metadata={"description": "Outages; one lasts until the service is seen up again."}
    )
    longest_outage_seconds = fields.Float()
    corrections = fields.List(fields.Nested(AppliedCorrectionSchema))
