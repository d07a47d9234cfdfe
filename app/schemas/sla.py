"""Schemas of SLA reports."""

from marshmallow import fields, validate

from app.schemas.base import BaseSchema, Choice, Moment, Number, WrittenDecimal
from app.schemas.metrics import WindowSchema


class SlaQuerySchema(WindowSchema):
    """A window of time, the target, whose report, and in which form."""

    sla_target = WrittenDecimal(
        min=0,
        max=100,
        load_default=99.9,
        metadata={"description": "In percent.", "examples": [99.9]},
    )
    service_id = fields.List(
        fields.UUID(),
        validate=validate.Length(min=1, max=500),
        metadata={"description": "Only these services; give it once for each."},
    )
    format = Choice("json", "csv", "pdf", load_default="json")


class MonthlyReportInputSchema(BaseSchema):
    """Target that the report compares with."""

    sla_target = Number(
        min=0,
        max=100,
        load_default=99.9,
        metadata={"description": "In percent.", "examples": [99.9]},
    )


class MonthlyReportSchema(BaseSchema):
    """Subscription of the caller to the monthly report."""

    is_subscribed = fields.Boolean(required=True)
    sla_target = fields.Float(required=True, allow_none=True)
    can_be_sent = fields.Boolean(
        required=True, metadata={"description": "Whether this server has a mail server."}
    )
    next_month = fields.Date(
        required=True,
        metadata={
            "description": "First day of the month that the next report is of; of somebody who"
            " gets none: that it would be of.",
            "examples": ["2026-11-01"],
        },
    )
    next_due_at = Moment(
        required=True, metadata={"description": "When it is sent, or a few minutes later."}
    )


class SlaFiguresSchema(BaseSchema):
    """Figures of an SLA; null where nothing is known."""

    uptime_percentage = fields.Float(required=True, allow_none=True)
    is_met = fields.Boolean(required=True, allow_none=True)
    downtime_seconds = fields.Float(required=True)
    known_seconds = fields.Float(
        required=True, metadata={"description": "Up and down: the time that counts."}
    )
    maintenance_seconds = fields.Float(required=True)
    unknown_seconds = fields.Float(required=True)
    incidents = fields.Integer(required=True)
    longest_outage_seconds = fields.Float(required=True)
    error_budget_seconds = fields.Float(
        required=True, metadata={"description": "Downtime that the target allows."}
    )
    error_budget_left_seconds = fields.Float(
        required=True, metadata={"description": "Negative once more was spent."}
    )
    error_budget_left_percentage = fields.Float(required=True, allow_none=True)


class ServiceSlaSchema(SlaFiguresSchema):
    """Figures of one service."""

    service_id = fields.UUID(required=True)
    name = fields.String(required=True)


class SlaReportSchema(BaseSchema):
    """An SLA report."""

    organization = fields.String(required=True)
    timezone = fields.String(required=True)
    period_start = Moment(required=True)
    period_end = Moment(required=True)
    sla_target = fields.Float(required=True)
    services = fields.List(fields.Nested(ServiceSlaSchema), required=True)
    total = fields.Nested(SlaFiguresSchema, required=True)
