"""Schemas of /coverage."""

from marshmallow import fields

from app.domain.rules.coverage import GapReason
from app.schemas.base import BaseSchema, Choice


class CoveredSchema(BaseSchema):
    """Count of what there is, and of what somebody would hear."""

    total = fields.Integer(required=True)
    covered = fields.Integer(required=True)


class CoverageGapSchema(BaseSchema):
    """Gap: something that nobody would hear of, or that notifies nobody, and why."""

    kind = Choice("service", "heartbeat", "rule", "channel", required=True)
    id = fields.UUID(required=True)
    name = fields.String(required=True, metadata={"examples": ["Shop"]})
    reason = Choice(*(reason.value for reason in GapReason), "failing", required=True)
    text = fields.String(
        required=True, metadata={"examples": ["No enabled alert rule watches it."]}
    )


class CoverageSchema(BaseSchema):
    """Coverage of outages that began now."""

    services = fields.Nested(
        CoveredSchema, required=True, metadata={"description": "Paused ones are left out."}
    )
    heartbeats = fields.Nested(CoveredSchema, required=True)
    channels_enabled = fields.Integer(required=True)
    gaps = fields.List(fields.Nested(CoverageGapSchema), required=True)
