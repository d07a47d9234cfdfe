"""Schemas of incidents of a status page."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate, validates_schema

from app.domain.status_pages.types import STATED, IncidentStatus, Severity
from app.schemas.base import (
    BaseSchema,
    Choice,
    Flag,
    Moment,
    Name,
    OwnedAnswer,
    PageSchema,
    Ruled,
    Text,
    WrittenFlag,
)
from app.schemas.replacements import Replacement, UnchangedSince, answer_only
from app.schemas.services import Distinct

MAX_BODY = 20_000
_MARKDOWN = "CommonMark: paragraphs, lists, links, code; no HTML, no images."


class IncidentUpdateInputSchema(BaseSchema):
    """Update of an incident to publish."""

    status = Choice(*IncidentStatus, required=True)
    body = Text(
        required=True,
        max=MAX_BODY,
        metadata={"description": _MARKDOWN, "examples": ["We have found the cause."]},
    )
    at = Moment(
        metadata={"description": "When it was so; missing: now.", "examples": [None]},
        allow_none=True,
    )
    next_update_at = Moment(allow_none=True, metadata={"examples": [None]})
    service_states = fields.Dict(
        keys=fields.UUID(),
        values=Choice(*STATED),
        validate=validate.Length(max=500),
        metadata={"examples": [{}]},
    )
    notify = Flag(load_default=True, metadata={"description": "Tell subscribers."})


class IncidentUpdateChangeSchema(UnchangedSince):
    """Changes of an update that was published; it is marked as edited, and nobody is notified."""

    body = Text(max=MAX_BODY, metadata={"description": _MARKDOWN, "examples": ["Better words."]})
    status = Choice(*IncidentStatus)


class IncidentUpdateSchema(BaseSchema):
    """Update of an incident."""

    id = fields.UUID(required=True)
    status = Choice(*IncidentStatus, required=True)
    body = fields.String(required=True)
    at = Moment(required=True)
    edited_at = Moment(required=True, allow_none=True)
    is_minor = fields.Boolean(required=True, metadata={"description": "It told nobody."})
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class IncidentInputSchema(BaseSchema):
    """The fields of an incident that callers set."""

    title = Name(required=True, metadata={"examples": ["Payments fail"]})
    status = Choice(*IncidentStatus, metadata={"default": "investigating"})
    severity = Choice(*Severity, metadata={"default": "minor"})
    service_ids = Distinct(
        fields.UUID(), validate=validate.Length(max=500), metadata={"examples": [[]]}
    )
    service_states = fields.Dict(
        keys=fields.UUID(),
        values=Choice(*STATED),
        validate=validate.Length(max=500),
        metadata={
            "description": "What the page shows of an affected service while the incident is open,"
            " whatever was measured; it says that a person said so.",
            "examples": [{}],
        },
    )
    overall_state = Choice(
        *STATED,
        allow_none=True,
        metadata={"description": "Decides the sentence on top by hand.", "examples": [None]},
    )
    started_at = Moment(metadata={"description": "Missing: now."})
    next_update_at = Moment(allow_none=True, metadata={"examples": [None]})
    is_draft = Flag(metadata={"default": False, "description": "true: nobody sees it yet."})
    post_mortem = Text(max=100_000, metadata={"description": _MARKDOWN, "examples": [""]})
    is_post_mortem_published = Flag(metadata={"default": False})


class FirstUpdateSchema(BaseSchema):
    """One of the updates that an incident is created with."""

    status = Choice(*IncidentStatus, metadata={"description": "Missing: that of the incident."})
    body = Text(
        required=True,
        max=MAX_BODY,
        metadata={"description": _MARKDOWN, "examples": ["We look at it."]},
    )
    at = Moment(metadata={"description": "When it was so; missing: now."})


class NewIncidentSchema(Ruled, IncidentInputSchema):
    """An incident to create, with what is said first: one `body`, or `updates` of an older one."""

    json_rule: ClassVar = {
        "not": {"properties": {"body": {}, "updates": {}}, "required": ["body", "updates"]}
    }

    body = Text(
        max=MAX_BODY,
        load_default="",
        metadata={"description": f"The first update. {_MARKDOWN}", "examples": ["We look at it."]},
    )
    updates = fields.List(
        fields.Nested(FirstUpdateSchema),
        validate=validate.Length(min=1, max=100),
        metadata={
            "description": "Instead of `body`: what was said so far. The incident takes the status"
            " of the latest; subscribers are told of that one.",
            "examples": [],
        },
    )
    notify = Flag(load_default=True, metadata={"description": "Tell subscribers."})

    @validates_schema
    def _is_said_once(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("body") and data.get("updates"):
            raise ValidationError("Give either `body` or `updates`.", "updates")


class IncidentSchema(OwnedAnswer, IncidentInputSchema):
    """An incident as it is answered."""

    status_page_id = fields.UUID(required=True)
    key = fields.String(required=True, metadata={"description": "In its public address."})
    url = fields.String(required=True)
    is_automatic = fields.Boolean(required=True)
    published_at = Moment(required=True, allow_none=True)
    resolved_at = Moment(required=True, allow_none=True)
    post_mortem_published_at = Moment(required=True, allow_none=True)
    updates = fields.List(
        fields.Nested(IncidentUpdateSchema), required=True, metadata={"description": "Newest first"}
    )


class IncidentChangeSchema(UnchangedSince, IncidentInputSchema):
    """The fields of an incident to change; the others stay."""


class IncidentReplacementSchema(Replacement, UnchangedSince, IncidentInputSchema):
    """An incident as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(IncidentSchema, IncidentInputSchema)


class IncidentFilterSchema(PageSchema):
    """Filter of incidents."""

    is_open = WrittenFlag()
    is_draft = WrittenFlag()


class PostMortemDraftSchema(BaseSchema):
    """A post-mortem to begin with."""

    markdown = fields.String(required=True)


class IncidentPreviewSchema(BaseSchema):
    """Preview of an incident's message to subscribers, and how many they are."""

    recipients = fields.Integer(required=True)
    subject = fields.String(required=True)
    text = fields.String(required=True)
