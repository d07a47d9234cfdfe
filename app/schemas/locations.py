"""Schemas of /locations."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Flag, Moment, Name, Whole, WholeAnswer
from app.schemas.replacements import Replacement, answer_only

WEEK_SECONDS = 7 * 24 * 3600


class LocationInputSchema(BaseSchema):
    """The fields of a location that callers set."""

    name = Name(required=True, metadata={"examples": ["Berlin office"]})
    is_shared = Flag(
        load_default=False,
        metadata={
            "description": "Operators only: services of every organization may be checked there."
        },
    )


class LocationChangeSchema(BaseSchema):
    """The fields of a location to change; the others stay."""

    name = Name()


class LocationAgentSchema(BaseSchema):
    """An agent as it was seen last."""

    agent = fields.String(required=True, metadata={"examples": ["probe-1:4f9d02c1"]})
    version = fields.String(required=True, metadata={"examples": ["1.0.0"]})
    protocol = fields.Integer(required=True)
    started_at = Moment(required=True)
    last_seen_at = Moment(required=True)
    is_alive = Flag(
        required=True, metadata={"description": "Whether it was seen within the last 30 seconds."}
    )
    checks_per_second = fields.Float(required=True)
    lateness_ms = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "How late checks began: the 99th percentile of a minute."},
    )
    clock_skew_ms = fields.Float(
        required=True,
        metadata={"description": "Its clock against the server's. Due times do not depend on it."},
    )
    buffered = fields.Integer(
        required=True, metadata={"description": "Results that wait there to be delivered."}
    )
    blind_since = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "Since when the agent reaches nothing; null: it sees."},
    )


class KeyRotationSchema(BaseSchema):
    """Replacement of a key."""

    overlap_seconds = Whole(
        min=0,
        max=WEEK_SECONDS,
        load_default=0,
        metadata={"description": "For how long the old key goes on; 0: it ends at once."},
    )


class LocationSchema(WholeAnswer, LocationInputSchema):
    """A location, without its key."""

    id = fields.UUID(required=True)
    region = fields.String(
        required=True,
        metadata={
            "description": "What services name in `regions`.",
            "examples": ["loc-berlin-office-3f9a2c"],
        },
    )
    prefix = fields.String(required=True, metadata={"examples": ["WL_3f9a2c41"]})
    previous_key_until = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When the key before this one ends, or ended; null: at once."},
    )
    is_alive = Flag(required=True, metadata={"description": "Whether any agent is alive."})
    agents = fields.List(fields.Nested(LocationAgentSchema), required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class NewLocationSchema(LocationSchema):
    """A location with its key: this is the only time it is shown."""

    key = fields.String(required=True, metadata={"examples": ["WL_3f9a2c41…"]})


class LocationReplacementSchema(Replacement, LocationChangeSchema):
    """A location as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(LocationSchema, LocationInputSchema) | {"is_shared"}


class LocationRegionSchema(BaseSchema):
    """A region that services may name."""

    region = fields.String(required=True, metadata={"examples": ["loc-berlin-office-3f9a2c"]})
    name = fields.String(required=True, metadata={"examples": ["Berlin office"]})
    is_shared = Flag(required=True)
