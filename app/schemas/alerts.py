"""Schemas of /alerts."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate, validates_schema

from app.domain.messages.events import SEVERITIES
from app.domain.rules.transitions import MAX_SNOOZE_MINUTES
from app.domain.types import Status
from app.schemas.base import BaseSchema, Choice, Moment, PageSchema, Ruled, Text, Whole
from app.schemas.stretches import InOrder, Since

TOLD = ("none", "pending", "sent")
STATUSES = ("firing", "acknowledged", "resolved")


class NotBlank(Text):
    """Text of several lines that is not blank; surrounding white space is dropped."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = [validate.Length(min=1), *self.validators]

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value, attr, data, **kwargs)).strip()


class EscalationStateSchema(BaseSchema):
    """Escalation of an alert, as far as it has come."""

    policy_id = fields.UUID(required=True, allow_none=True)
    level = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The last level that was told; null: none yet."},
    )
    next_level_at = Moment(
        required=True, allow_none=True, metadata={"description": "null: no further level."}
    )


class SuppressedServiceSchema(BaseSchema):
    """A service whose alert is held back because this one is the cause."""

    service_id = fields.UUID(required=True, allow_none=True)
    service_name = fields.String(required=True, metadata={"examples": ["Shop"]})


class AlertSchema(BaseSchema):
    """Alert."""

    id = fields.UUID(required=True)
    organization_id = fields.UUID(required=True)
    service_id = fields.UUID(required=True, allow_none=True)
    service_name = fields.String(required=True, metadata={"examples": ["Shop"]})
    heartbeat_id = fields.UUID(required=True, allow_none=True, metadata={"examples": [None]})
    alert_rule_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "null: the rule is gone."}
    )
    alert_rule_name = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "What the rule is called now. null: it is gone, or a heartbeat raised"
            " the alert.",
            "examples": ["Service down"],
        },
    )
    severity = Choice(*SEVERITIES, required=True)
    title = fields.String(required=True, metadata={"examples": ["Service down Triggered by Check"]})
    message = fields.String(
        required=True, metadata={"examples": ["Check failed with status RED: HTTP 503"]}
    )
    reason = fields.String(required=True, allow_none=True, metadata={"examples": ["HTTP 503"]})
    check_status = Choice(
        *(status.value for status in Status),
        required=True,
        allow_none=True,
        metadata={
            "description": "Of the check that raised it. null: a heartbeat raised it, or it is"
            " older than this field.",
            "examples": ["RED"],
        },
    )
    explanation = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "What the rule asked beyond the status, and what was found, for people."
            " null: the status says it all.",
            "examples": ["response time is above 800 ms (response time is 1240 ms)"],
        },
    )
    status = Choice(*STATUSES, required=True)
    fired_at = Moment(required=True)
    acknowledged_at = Moment(required=True, allow_none=True)
    acknowledged_by = fields.String(
        required=True, allow_none=True, metadata={"examples": ["alice@example.com"]}
    )
    resolved_at = Moment(required=True, allow_none=True, metadata={"examples": [None]})
    resolved_by = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null: it resolved by itself.", "examples": [None]},
    )
    snoozed_until = Moment(required=True, allow_none=True, metadata={"examples": [None]})
    suppressed_by = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The alert that is the cause of this one.", "examples": [None]},
    )
    suppressed_services = fields.List(fields.Nested(SuppressedServiceSchema), required=True)
    escalation = fields.Nested(
        EscalationStateSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: no policy applies."},
    )
    check_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The check that raised it."},
    )
    is_flapping = fields.Boolean(required=True, metadata={"examples": [False]})
    told = Choice(
        *TOLD,
        required=True,
        metadata={
            "description": "`sent`: somebody has a message about it. `pending`: a message is still"
            " to come, or a level of the escalation. `none`: nobody was told."
        },
    )
    told_reason = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Why the ordinary way told nobody, or has not so far; the owners or a"
            " fallback may have been told instead.",
            "examples": [None],
        },
    )
    runbook_url = fields.String(required=True, allow_none=True)


class TimelineEventSchema(BaseSchema):
    """A line of an alert's timeline."""

    at = Moment(required=True)
    kind = fields.String(required=True, metadata={"examples": ["acknowledged"]})
    actor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null: the program itself.", "examples": ["alice@example.com"]},
    )
    text = fields.String(required=True)


class AlertDetailSchema(AlertSchema):
    """An alert with everything that happened to it, oldest first."""

    timeline = fields.List(fields.Nested(TimelineEventSchema), required=True)


class AlertFilterSchema(InOrder, PageSchema):
    """Filter of alerts; the active ones unless said otherwise."""

    status = Choice(
        "active",
        *STATUSES,
        "all",
        metadata={"description": "`active` (the default): firing or acknowledged."},
    )
    service_id = fields.UUID()
    heartbeat_id = fields.UUID()
    alert_rule_id = fields.UUID()
    severity = Choice(*SEVERITIES)
    told = Choice(*TOLD, metadata={"description": "`none`: those that nobody was told of."})
    from_ = Since("Fired at this time or later.")
    to = Moment(metadata={"description": "Fired before this time."})


class NoteSchema(BaseSchema):
    """Note for the timeline."""

    note = Text(allow_none=True, metadata={"examples": ["looking into it"]})


class SnoozeSchema(BaseSchema):
    """Duration of a snooze."""

    minutes = Whole(min=1, max=MAX_SNOOZE_MINUTES, required=True, metadata={"examples": [60]})


class WhomToTellSchema(Ruled, BaseSchema):
    """Recipient to notify: a channel or a member."""

    json_rule: ClassVar = {"minProperties": 1, "maxProperties": 1}

    channel_id = fields.UUID()
    user_id = fields.UUID(metadata={"description": "By all their contacts, without delay."})

    @validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if ("channel_id" in data) == ("user_id" in data):
            raise ValidationError("Name either a channel or a user.", "channel_id")


class CommentSchema(BaseSchema):
    """A comment for the timeline."""

    text = NotBlank(required=True, metadata={"examples": ["The database was restarted."]})
