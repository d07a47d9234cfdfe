"""Schemas of /ready and of /instance/health."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Choice, Moment


class LateSchema(BaseSchema):
    """A part of the monitor that is behind."""

    part = fields.String(required=True, metadata={"examples": ["results"]})
    since = Moment(required=True)
    problem = fields.String(required=True)
    advice = fields.String(required=True)


class AgesSchema(BaseSchema):
    """Seconds since each kind of work was last done, whatever was due since; null for never."""

    results = fields.Float(required=True, allow_none=True)
    deliveries = fields.Float(required=True, allow_none=True)
    sweeps = fields.Float(required=True, allow_none=True)
    escalations = fields.Float(required=True, allow_none=True)
    housekeeping = fields.Float(required=True, allow_none=True)
    roll_ups = fields.Float(required=True, allow_none=True)
    beacon = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "The last proof that pings can be stored."},
    )


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
    age_seconds = fields.Nested(AgesSchema)
    blind_seconds = fields.Float(
        metadata={
            "minimum": 0,
            "description": "For how long no reference host has answered, or checks could not be"
            " made; 0: they can.",
        }
    )
    error = fields.String(metadata={"description": "Why not, in fixed words."})


class LastSchema(BaseSchema):
    """Time of the last piece of work of a kind; null where there has been none."""

    at = Moment(required=True, allow_none=True)
    age_seconds = fields.Float(required=True, allow_none=True, metadata={"minimum": 0})


class LastOfEachSchema(BaseSchema):
    """The last of each kind of work, whatever was due since."""

    results = fields.Nested(LastSchema, required=True)
    deliveries = fields.Nested(LastSchema, required=True)
    sweeps = fields.Nested(LastSchema, required=True)
    escalations = fields.Nested(LastSchema, required=True)
    housekeeping = fields.Nested(LastSchema, required=True)
    roll_ups = fields.Nested(LastSchema, required=True)
    beacon = fields.Nested(
        LastSchema,
        required=True,
        metadata={"description": "The last proof that pings can be stored."},
    )


class BlindPeriodSchema(BaseSchema):
    """A time of the last 30 days in which the monitor could not see."""

    kind = Choice("pings", "checks", required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True, allow_none=True, metadata={"description": "Null: it lasts."})


class HealthSchema(BaseSchema):
    """Health of the installation itself."""

    is_late = fields.Boolean(required=True)
    last = fields.Nested(LastOfEachSchema, required=True)
    late = fields.List(fields.Nested(LateSchema), required=True)
    blind_periods = fields.List(fields.Nested(BlindPeriodSchema), required=True)
