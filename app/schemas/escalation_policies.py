"""Schemas of /escalation-policies."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from app.domain.escalation.levels import MAX_REPEATS, NotifyType
from app.platform.errors import Fault, InvalidCode
from app.schemas.base import (
    REFUSALS,
    BaseSchema,
    Choice,
    Flag,
    Moment,
    Name,
    OwnedAnswer,
    Whole,
)
from app.schemas.nested import Complete
from app.schemas.replacements import Replacement, UnchangedSince, answer_only

WEEK_MINUTES = 7 * 24 * 60
_KINDS = tuple(kind.value for kind in NotifyType)


class EscalationRuleSchema(BaseSchema):
    """Line of an escalation policy: whom to notify, and when."""

    level = Whole(
        min=1, max=100, required=True, metadata={"description": "Lines may share a level."}
    )
    delay_minutes = Whole(
        min=0,
        max=WEEK_MINUTES,
        required=True,
        metadata={"description": "From the firing of the alert.", "examples": [0]},
    )
    notify_type = Choice(*_KINDS, required=True, metadata={"examples": ["user"]})
    notify_id = fields.UUID(required=True)


class EscalationRules(fields.List[Any]):
    """The lines of a policy; a later level is never earlier than the one before it."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "description": "Delays must not fall from one level to the next.",
        }
        super().__init__(
            Complete(EscalationRuleSchema),
            validate=validate.Length(min=1, max=50),
            metadata=metadata,
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        rules: list[Any] = super()._deserialize(value, attr, data, **kwargs)
        latest: dict[int, int] = {}
        for rule in rules:
            level, delay = rule["level"], rule["delay_minutes"]
            latest[level] = max(delay, latest.get(level, 0))
        for at, rule in enumerate(rules):
            earlier = [delay for level, delay in latest.items() if level < rule["level"]]
            if earlier and rule["delay_minutes"] < max(earlier):
                told = f"Level {rule['level']} must not be told before the levels below it."
                raise ValidationError(
                    {at: {"delay_minutes": [Fault(InvalidCode.CONFLICTING_FIELDS, told)]}}
                )
        return rules


class EscalationPolicyInputSchema(BaseSchema):
    """The fields of a policy that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["On call, then everybody"]})
    rules = EscalationRules(required=True)
    repeat_count = Whole(
        min=0,
        max=MAX_REPEATS,
        metadata={"default": 0, "description": "Whole rounds to repeat while nobody answers."},
    )
    is_default = Flag(
        metadata={
            "default": False,
            "description": "Used where neither rule nor service name one; at most one is.",
        }
    )


class EscalationPolicySchema(OwnedAnswer, EscalationPolicyInputSchema):
    """A policy as it is answered."""


class EscalationPolicyChangeSchema(UnchangedSince, EscalationPolicyInputSchema):
    """The fields of a policy to change; the others stay."""


class EscalationPolicyReplacementSchema(Replacement, UnchangedSince, EscalationPolicyInputSchema):
    """A policy as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(EscalationPolicySchema, EscalationPolicyInputSchema)


class SimulationInputSchema(BaseSchema):
    """Time at which an alert would fire."""

    at = Moment(metadata={"description": "Default: now."})


class SimulatedLevelSchema(BaseSchema):
    """One line of a policy at work: who would be told, and when."""

    at = Moment(required=True)
    level = fields.Integer(required=True)
    round = fields.Integer(
        required=True, metadata={"description": "0, then one more for each repeat."}
    )
    notify_type = Choice(*_KINDS, required=True, metadata={"examples": ["schedule"]})
    notify_id = fields.UUID(required=True)
    name = fields.String(required=True, metadata={"examples": ["Primary"]})
    recipients = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Empty: it reaches nobody.", "examples": [["Alice"]]},
    )
