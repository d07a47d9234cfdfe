"""Schemas of figures of an organization."""

from marshmallow import fields

from app.schemas.base import UUID_PATTERN, BaseSchema, Cursor, Line, Moment, PageSchema
from app.schemas.metrics import WindowSchema


class OrganizationWindowSchema(WindowSchema):
    """A window of time, and whose figures."""

    tag = Line(max=100, metadata={"description": "Only services with this tag."})


class ServicesWindowSchema(OrganizationWindowSchema, PageSchema):
    """A page of services, and over which window of time."""

    cursor = Cursor(rf"[A-Za-z0-9_-]{{1,1100}}\.{UUID_PATTERN}")


class ServiceFiguresSchema(BaseSchema):
    """A service over a window; null where nothing is known."""

    service_id = fields.UUID(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True)
    uptime_percentage = fields.Float(required=True, allow_none=True)
    known_seconds = fields.Float(
        required=True, metadata={"description": "Up and down: the time that counts."}
    )
    downtime_seconds = fields.Float(required=True)
    unknown_seconds = fields.Float(required=True)
    incidents = fields.Integer(required=True)
    checks = fields.Integer(required=True)
    failed_checks = fields.Integer(required=True)
    avg_ms = fields.Float(required=True, allow_none=True)
    p50_ms = fields.Float(required=True, allow_none=True)
    p95_ms = fields.Float(required=True, allow_none=True)
    p99_ms = fields.Float(required=True, allow_none=True)


class OrganizationFiguresSchema(BaseSchema):
    """Figures of all services over a window; null where nothing is known."""

    period_start = Moment(required=True)
    period_end = Moment(required=True)
    services = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "How many are of each status now.", "examples": [{"GREEN": 12}]},
    )
    checks = fields.Integer(required=True)
    failed_checks = fields.Integer(required=True)
    uptime_percentage = fields.Float(required=True, allow_none=True)
    p50_ms = fields.Float(required=True, allow_none=True)
    p95_ms = fields.Float(required=True, allow_none=True)
    p99_ms = fields.Float(required=True, allow_none=True)
    alerts_fired = fields.Integer(required=True)
    mtta_seconds = fields.Float(required=True, allow_none=True)
    mttr_seconds = fields.Float(required=True, allow_none=True)
    worst_services = fields.List(fields.Nested(ServiceFiguresSchema), required=True)
    schedule_lateness_p99_ms = fields.Float(required=True, allow_none=True)
