"""Schemas of /alert-rules."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from app.channels.fields import parsed_url
from app.domain.messages.events import SEVERITIES
from app.domain.rules.conditions import parse
from app.domain.rules.types import ConditionError
from app.platform.errors import Fault, InvalidCode
from app.schemas.base import (
    REFUSALS,
    BaseSchema,
    Choice,
    Flag,
    Line,
    Moment,
    Name,
    OwnedAnswer,
    PageSchema,
    Whole,
    WrittenFlag,
)
from app.schemas.replacements import Replacement, UnchangedSince, answer_only
from app.schemas.services import Distinct

WEEK_MINUTES = 7 * 24 * 60


class ConditionField(fields.Raw):
    """A condition as an object, or as an expression; kept as it was written."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            "anyOf": [{"type": "object"}, {"type": "string"}],
            "default": {},
            REFUSALS: [InvalidCode.MALFORMED],
            "description": "`{}` fires on RED or YELLOW. Otherwise one test, or `all`, `any` or"
            " `not` of several; or an expression like `response_time > 5000 || status == RED`.",
            "examples": [
                {"metric": "response_time_ms", "operator": ">", "value": 800, "for_checks": 3}
            ],
        }
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            parse(value)
        except ConditionError as error:
            raise ValidationError(Fault(InvalidCode.MALFORMED, str(error))) from None
        return value


class WebAddress(Line):
    """An http or https address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=1, max=2048, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        return parsed_url(str(super()._deserialize(value, attr, data, **kwargs)).strip())


class AlertRuleInputSchema(BaseSchema):
    """The fields of a rule that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["Service down"]})
    severity = Choice(*SEVERITIES, required=True)
    service_id = fields.UUID(
        allow_none=True,
        metadata={
            "examples": [None],
            "description": "null: every service, or those with one of `tags`.",
        },
    )
    tags = Distinct(
        Name(max=50),
        validate=validate.Length(max=50),
        metadata={
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "examples": [[]],
            "description": "Services with any of them; only without `service_id`.",
        },
    )
    condition = ConditionField()
    is_enabled = Flag(
        metadata={"default": True, "description": "false: its open alerts are resolved."}
    )
    notification_channel_ids = Distinct(
        fields.UUID(),
        validate=validate.Length(max=100),
        metadata={
            "examples": [[]],
            "description": "Empty: every enabled channel whose `min_severity` allows it.",
        },
    )
    escalation_policy_id = fields.UUID(
        allow_none=True,
        metadata={
            "examples": [None],
            "description": "null: the service's, else the organization's default.",
        },
    )
    auto_resolve = Flag(
        metadata={"default": True, "description": "Resolve once the condition does not hold."}
    )
    reminder_interval_minutes = Whole(
        min=1,
        max=WEEK_MINUTES,
        allow_none=True,
        metadata={"description": "Repeat while firing and not acknowledged; null: never."},
    )
    cooldown_minutes = Whole(
        min=0,
        max=WEEK_MINUTES,
        metadata={"default": 0, "description": "After a resolve, do not fire again within it."},
    )
    runbook_url = WebAddress(
        allow_none=True,
        metadata={
            REFUSALS: [InvalidCode.MALFORMED],
            "examples": ["https://wiki.example.com/runbooks/shop"],
            "description": "Shown in every message.",
        },
    )


class AlertRuleSchema(OwnedAnswer, AlertRuleInputSchema):
    """A rule as it is answered."""


class AlertRuleChangeSchema(UnchangedSince, AlertRuleInputSchema):
    """The fields of a rule to change; the others stay."""


class AlertRuleReplacementSchema(Replacement, UnchangedSince, AlertRuleInputSchema):
    """A rule as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(AlertRuleSchema, AlertRuleInputSchema)


class AlertRuleFilterSchema(PageSchema):
    """Filter of rules."""

    service_id = fields.UUID(metadata={"description": "Rules of this one service."})
    severity = Choice(*SEVERITIES)
    is_enabled = WrittenFlag()


class PreviewInputSchema(AlertRuleInputSchema):
    """An unsaved rule, and the time to try it on."""

    name = Name()
    severity = Choice(*SEVERITIES)
    from_ = Moment(data_key="from", metadata={"description": "Default: 7 days before `to`."})
    to = Moment(metadata={"description": "Default: now."})


class WouldBeAlertSchema(BaseSchema):
    """An alert that the rule would have raised."""

    fired_at = Moment(required=True)
    resolved_at = Moment(
        required=True, allow_none=True, metadata={"description": "null: still open at `to`."}
    )
    duration_seconds = fields.Integer(required=True, metadata={"examples": [240]})
    message = fields.String(required=True, metadata={"examples": ["Check failed with status RED"]})


class ServicePreviewSchema(BaseSchema):
    """Preview of a rule for one service."""

    service_id = fields.UUID(required=True)
    service_name = fields.String(required=True)
    results_looked_at = fields.Integer(required=True)
    looked_from = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "The first result looked at; later than `from` if too many."},
    )
    alerts_total = fields.Integer(required=True)
    alerts = fields.List(
        fields.Nested(WouldBeAlertSchema),
        required=True,
        metadata={"description": "Newest first, at most 200."},
    )


class PreviewSchema(BaseSchema):
    """Preview of a rule."""

    from_ = Moment(data_key="from", required=True)
    to = Moment(required=True)
    services_in_scope = fields.Integer(required=True)
    services_looked_at = fields.Integer(required=True)
    results_looked_at = fields.Integer(required=True)
    is_complete = fields.Boolean(
        required=True, metadata={"description": "false: there was more than could be looked at."}
    )
    notes = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What stored results cannot tell.", "examples": [[]]},
    )
    alerts_total = fields.Integer(required=True)
    services = fields.List(fields.Nested(ServicePreviewSchema), required=True)
