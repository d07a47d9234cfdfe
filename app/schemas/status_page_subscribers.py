"""Schemas of subscribers of status pages, and what admins read of them."""

from marshmallow import EXCLUDE, Schema, fields, validate

from app.channels.fields import Address
from app.domain.status_pages.types import Wants, Way
from app.schemas.base import BaseSchema, Choice, Flag, Line, Moment, PageSchema

STATES = ("confirmed", "unconfirmed", "paused")


class SubscribeFormSchema(Schema):
    """The form, or the JSON, with which somebody subscribes."""

    class Meta:
        unknown = EXCLUDE

    email = Line(max=254, load_default="", metadata={"examples": ["jo@example.com"]})
    webhook_url = Line(max=2000, load_default="", metadata={"examples": [""]})
    way = Choice(*Way, load_default="email")
    wants = Choice(*Wants, load_default="everything")
    service_ids = fields.List(
        Line(max=60),
        load_default=list,
        validate=validate.Length(max=2000),
        metadata={"description": "Keys of services; none: all.", "examples": [[]]},
    )
    homepage = Line(max=200, load_default="", metadata={"description": "Leave it empty."})


class MessageSchema(BaseSchema):
    """One sentence."""

    message = fields.String(required=True)


class ManageFormSchema(Schema):
    """Form behind a subscriber's link; mail programs post `List-Unsubscribe`."""

    class Meta:
        unknown = EXCLUDE

    action = Choice("", "confirm", "save", "unsubscribe", load_default="")
    one_click = fields.String(data_key="List-Unsubscribe", load_default="")
    wants = Choice(*Wants, load_default="everything")
    service_ids = fields.List(Line(max=60), load_default=list, validate=validate.Length(max=2000))


class SubscriberSchema(BaseSchema):
    """A subscriber as admins see them."""

    id = fields.UUID(required=True)
    kind = Choice(*Way, required=True)
    address = fields.String(required=True, metadata={"examples": ["jo@example.com"]})
    wants = Choice(*Wants, required=True)
    service_ids = fields.List(fields.UUID(), required=True)
    state = Choice(*STATES, required=True)
    bounces = fields.Integer(required=True)
    last_error = fields.String(required=True, allow_none=True)
    confirmed_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)


class SubscriberFilterSchema(PageSchema):
    """Filter of subscribers."""

    kind = Choice(*Way)
    state = Choice(*STATES)
    address = Line(
        max=2000,
        metadata={"description": "The whole address; those at rest cannot be searched by a part."},
    )


class SubscriberCountsSchema(BaseSchema):
    """Numbers of subscribers."""

    total = fields.Integer(required=True)
    by_kind = fields.Dict(required=True)
    by_state = fields.Dict(required=True)


class SubscriberImportSchema(BaseSchema):
    """Addresses to bring along."""

    emails = fields.List(
        Address(),
        required=True,
        validate=validate.Length(min=1, max=1000),
        metadata={"examples": [["jo@example.com"]]},
    )
    has_consent = Flag(
        required=True,
        validate=validate.Equal(True, error="They must have agreed to be written to."),
        metadata={"examples": [True]},
    )
    reason = Line(
        min=1,
        max=500,
        allow_none=True,
        load_default=None,
        metadata={
            "description": "How they have agreed; with it nobody is asked again, and the log keeps"
            " it. Missing: each gets a message to confirm.",
            "examples": [None],
        },
    )


class SubscriberImportResultSchema(BaseSchema):
    """Result of an import of subscribers."""

    added = fields.Integer(required=True)
    known = fields.Integer(required=True)
