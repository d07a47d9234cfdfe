"""Schemas of /notification-channels."""

from collections.abc import Mapping
from typing import Any

from flask import g
from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from app.channels import CHANNEL_TYPES
from app.channels.templates import validate_template
from app.domain.delivery import quiet_hours
from app.domain.messages.events import DEFAULT_EVENTS, EVENTS, SEVERITIES
from app.domain.messages.templates import MAX_BODY, MAX_SUBJECT
from app.platform.errors import Fault, InvalidCode, coded
from app.schemas.base import (
    REFUSALS,
    BaseSchema,
    Choice,
    Clock,
    Flag,
    Line,
    Moment,
    Name,
    OwnedAnswer,
    PageSchema,
    Text,
    WrittenFlag,
)
from app.schemas.nested import Complete
from app.schemas.organization import ZoneName
from app.schemas.replacements import Replacement, UnchangedSince, answer_only
from app.schemas.services import Distinct

TYPES = tuple(kind for kind, _ in CHANNEL_TYPES.items())


class QuietHoursSchema(BaseSchema):
    """Quiet hours of a channel, in local time; `to` may lie on the next day."""

    timezone = ZoneName(required=True)
    from_ = Clock(data_key="from", required=True, metadata={"examples": ["22:00"]})
    to = Clock(required=True, metadata={"examples": ["07:00"]})
    min_severity = Choice(
        *SEVERITIES,
        load_default="critical",
        metadata={"description": "Alerts of this severity or above are sent all the same."},
    )

    @post_load
    def as_stored(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Return the hours as they are stored. Raises ValidationError where they make no sense."""
        result = {("from" if name == "from_" else name): value for name, value in data.items()}
        try:
            quiet_hours.parse(result)
        except ValueError as error:
            raise ValidationError(Fault(InvalidCode.CONFLICTING_FIELDS, str(error))) from None
        return result


class TemplateSchema(BaseSchema):
    """Templates of messages: a small, safe part of Jinja2.

    On a webhook, `body` makes the whole body that is sent, in the config's `content_type`.
    """

    subject = Line(max=MAX_SUBJECT, metadata={"examples": ["{{ severity }}: {{ title }}"]})
    body = Text(max=MAX_BODY, metadata={"examples": ["{{ service.name }}: {{ reason }}"]})

    @validates_schema
    def check_language(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse what cannot be rendered, naming line and part."""
        caller = g.get("principal")
        problems = validate_template(data, str(caller.organization_id) if caller else "")
        if problems:
            raise ValidationError(coded(problems, InvalidCode.MALFORMED))


class TemplatePreviewInputSchema(BaseSchema):
    """A template to try, saved or not."""

    template = Complete(TemplateSchema, required=True, metadata={REFUSALS: [InvalidCode.MALFORMED]})


class TemplatePreviewSchema(BaseSchema):
    """A test message in the words of a template."""

    subject = fields.String(required=True, metadata={"examples": ["info: Test notification"]})
    body = fields.String(required=True, metadata={"examples": ["Example service: a test"]})


class NotificationChannelInputSchema(BaseSchema):
    """The fields of a channel that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["Ops"]})
    type = Choice(*TYPES, required=True, metadata={"examples": ["slack"]})
    config = fields.Dict(
        keys=fields.String(),
        metadata={
            REFUSALS: [
                InvalidCode.UNFIT_CONFIG,
                InvalidCode.UNKNOWN_REFERENCE,
                InvalidCode.NOT_ALLOWED,
            ],
            "description": "Validated by the type: see `GET /notification-channels/types`. Secrets"
            " are stored encrypted and answered as `********`; sending that back keeps them.",
            "examples": [{"webhook_url": "https://hooks.slack.com/services/T00/B00/XXXX"}],
        },
    )
    is_enabled = Flag(metadata={"default": True})
    min_severity = Choice(
        *SEVERITIES,
        metadata={
            "default": "info",
            "description": "Messages below it are not sent here. A status weighs `critical` (RED),"
            " `warning` (YELLOW) or `info`; `ssl.expiring` is `info` at 30 days and `warning` from"
            " 14 on, `ssl.expired` `critical`; `ssl.changed` and maintenance are `info`.",
        },
    )
    events = Distinct(
        Choice(*EVENTS),
        validate=validate.Length(min=1),
        metadata={
            "default": list(DEFAULT_EVENTS),
            "description": "`ssl.expiring` brings `ssl.expired` too; `ssl.changed` also closes what"
            " `ssl.expiring` has opened in a system that keeps incidents.",
        },
    )
    fallback_channel_id = fields.UUID(
        allow_none=True,
        metadata={
            REFUSALS: [InvalidCode.UNKNOWN_REFERENCE, InvalidCode.CONFLICTING_FIELDS],
            "examples": [None],
            "description": "Told instead when this channel refuses a message, and as well when it"
            " takes none for a minute; circles are refused.",
        },
    )
    quiet_hours = Complete(
        QuietHoursSchema, allow_none=True, metadata={REFUSALS: [InvalidCode.CONFLICTING_FIELDS]}
    )
    template = Complete(
        TemplateSchema, allow_none=True, metadata={REFUSALS: [InvalidCode.MALFORMED]}
    )


class NotificationChannelSchema(OwnedAnswer, NotificationChannelInputSchema):
    """A channel as it is answered."""

    is_healthy = fields.Boolean(
        required=True, metadata={"description": "false: the last message was not taken."}
    )
    last_success_at = Moment(required=True, allow_none=True)
    last_error = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of the last message; null: it was taken.", "examples": [None]},
    )


class NotificationChannelChangeSchema(UnchangedSince, NotificationChannelInputSchema):
    """The fields of a channel to change; the others stay."""


class NotificationChannelReplacementSchema(
    Replacement, UnchangedSince, NotificationChannelInputSchema
):
    """A channel as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(NotificationChannelSchema, NotificationChannelInputSchema)


class NotificationChannelFilterSchema(PageSchema):
    """Filter of channels."""

    type = Choice(*TYPES)
    is_enabled = WrittenFlag()


class ChannelTypeSchema(BaseSchema):
    """A kind of channel."""

    type = Choice(*TYPES, required=True, metadata={"examples": ["slack"]})
    description = fields.String(required=True)
    is_personal = fields.Boolean(
        required=True,
        metadata={"description": "Whether it may be a contact method of a person."},
    )
    config_schema = fields.Dict(
        required=True,
        metadata={
            "description": "What `config` holds, as JSON Schema 2020-12; what is stored"
            " encrypted is marked with `x-secret`, and with `x-generate` what a page may make"
            " up (`whsec`: a key of Standard Webhooks)."
        },
    )


class TestOutcomeSchema(BaseSchema):
    """Outcome of a test message."""

    ok = fields.Boolean(required=True)
    status_code = fields.Integer(required=True, allow_none=True, metadata={"examples": [200]})
    error = fields.String(required=True, allow_none=True, metadata={"examples": [None]})
    duration_ms = fields.Float(required=True, allow_none=True)
