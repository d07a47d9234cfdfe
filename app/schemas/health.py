"""Schemas of /ready."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Choice, Moment


class LateSchema(BaseSchema):
    """A part of the monitor that is behind."""

    part = fields.String(required=True, metadata={"examples": ["results"]})
    since = Moment(required=True)
    problem = fields.String(required=True)
    advice = fields.String(required=True)


class ReadySchema(BaseSchema):
    """Readiness to serve requests."""

    status = Choice("ready", "not ready", required=True)
    degraded = fields.List(
        fields.String(), metadata={"description": "What is away or behind, while work goes on."}
    )
    late = fields.List(
        fields.Nested(LateSchema),
        metadata={"description": "Which parts are behind, since when, and what to do."},
    )
    error = fields.String(metadata={"description": "Why not, in fixed words."})
