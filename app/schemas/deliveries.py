"""Schemas of the delivery logs of alerts and channels."""

from marshmallow import fields

from app.domain.messages.events import SEVERITIES
from app.schemas.base import BaseSchema, Choice, Moment, PageSchema, Text
from app.schemas.stretches import InOrder, Since

STATUSES = ("pending", "sent", "digested", "dead", "cancelled")


class DeliveryFilterSchema(InOrder, PageSchema):
    """Filter of messages."""

    status = Choice(*STATUSES)
    kind = Text(metadata={"examples": ["alert.fired"]})
    alert_id = fields.UUID()
    channel_id = fields.UUID()
    user_id = fields.UUID(metadata={"description": "Whose own contacts they went to."})
    from_ = Since("Planned at this time or later.")
    to = Moment(metadata={"description": "Planned before this time."})


class AttemptSchema(BaseSchema):
    """One try to deliver a message."""

    number = fields.Integer(required=True)
    started_at = Moment(required=True)
    finished_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "null: under way, or cut off before its outcome was known."},
    )
    status_code = fields.Integer(required=True, allow_none=True, metadata={"examples": [200]})
    error = fields.String(required=True, allow_none=True, metadata={"examples": [None]})
    duration_ms = fields.Float(required=True, allow_none=True)
    answer = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The first 500 characters the receiver said; only admins see them.",
            "examples": ["ok"],
        },
    )


class DeliverySchema(BaseSchema):
    """A message to one channel, or to one contact of a person."""

    id = fields.UUID(
        required=True, metadata={"description": "The same over retries; receivers see it too."}
    )
    alert_id = fields.UUID(required=True, allow_none=True)
    kind = fields.String(required=True, metadata={"examples": ["alert.fired"]})
    severity = Choice(*SEVERITIES, required=True)
    status = Choice(*STATUSES, required=True)
    channel_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "null: it went to a person's own contact."},
    )
    channel_name = fields.String(required=True, allow_none=True, metadata={"examples": ["Ops"]})
    channel_type = fields.String(required=True, allow_none=True, metadata={"examples": ["slack"]})
    person_name = fields.String(required=True, allow_none=True, metadata={"examples": [None]})
    created_at = Moment(required=True)
    next_try_at = Moment(required=True, allow_none=True)
    sent_at = Moment(required=True, allow_none=True)
    last_error = fields.String(required=True, allow_none=True, metadata={"examples": [None]})
    last_status_code = fields.Integer(required=True, allow_none=True, metadata={"examples": [200]})
    attempts = fields.List(fields.Nested(AttemptSchema), required=True)
