"""Schemas of /on-call-schedules."""

from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.domain.escalation import on_call_layers
from app.domain.escalation.on_call import RotationType
from app.domain.escalation.on_call_layers import MAX_ROTATION_DAYS, MAX_USERS, LayerError
from app.platform.clock import utcnow
from app.platform.errors import Fault, InvalidCode
from app.platform.events import timestamp
from app.schemas.base import (
    REFUSALS,
    BaseSchema,
    Choice,
    Clock,
    Line,
    Moment,
    Name,
    OwnedAnswer,
    Whole,
    WrittenNumber,
)
from app.schemas.nested import Complete
from app.schemas.organization import ZoneName
from app.schemas.replacements import Replacement, UnchangedSince, answer_only

# More layers, or more days, would take seconds to lay out.
MAX_LAYERS = 10
MAX_TIMELINE_DAYS = 100
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class NearMoment(Moment):
    """A time that schedules can be laid out for."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"pattern": "^(200[1-9]|20[1-9][0-9])-"} | dict(kwargs.pop("metadata", {}))
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        at = super()._deserialize(value, attr, data, **kwargs)
        if not 2000 <= at.year <= 2100:
            raise ValidationError("Must lie between 2000 and 2100.")
        return at


def _either_case(word: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" for letter in word)


_NAMES = "|".join(f"{_either_case(day[:3])}({_either_case(day[3:])})?" for day in DAYS)
_WEEKDAYS = rf"^ *({_NAMES}) *$"


class Weekday(Line):
    """A day of the week, by its name or its first three letters."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"examples": ["monday"], "pattern": _WEEKDAYS}
        super().__init__(max=20, metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        try:
            return DAYS[on_call_layers.weekday(name, "")]
        except LayerError as error:
            raise ValidationError(_sentence(error.message)) from None


class RestrictionSchema(BaseSchema):
    """The hours a layer is limited to; they may reach into the next day."""

    start_time = Clock(load_default="00:00", metadata={"examples": ["09:00"]})
    end_time = Clock(load_default="24:00", metadata={"examples": ["17:00"]})
    days = fields.List(
        Weekday(),
        validate=validate.Length(min=1, max=7),
        load_default=lambda: list(DAYS),
        metadata={"description": "On which the hours begin.", "examples": [["monday", "tuesday"]]},
    )


class LayerSchema(BaseSchema):
    """People who take turns."""

    name = Name(metadata={"examples": ["Primary"]})
    rotation_type = Choice(
        *(kind.value for kind in RotationType),
        load_default="weekly",
        metadata={"examples": ["weekly"]},
    )
    handoff_day = Weekday(load_default="monday")
    handoff_time = Clock(
        load_default="00:00",
        metadata={"examples": ["09:00"], "description": "In local wall time."},
    )
    users = fields.List(
        fields.UUID(),
        required=True,
        validate=validate.Length(min=1, max=MAX_USERS),
        metadata={"description": "Members, in the order of their turns."},
    )
    restriction = Complete(RestrictionSchema, allow_none=True, load_default=None)
    rotation_days = Whole(
        min=1,
        max=MAX_ROTATION_DAYS,
        allow_none=True,
        load_default=None,
        metadata={"description": "Of a custom rotation: days of a turn.", "examples": [None]},
    )
    starts_at = Moment(
        allow_none=True,
        load_default=None,
        metadata={
            "description": "The turn around it is the first user's; null: when the schedule was"
            " made.",
            "examples": [None],
        },
    )


class Layers(fields.List[Any]):
    """The layers of a schedule, validated together and turned into what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Complete(LayerSchema),
            validate=validate.Length(min=1, max=MAX_LAYERS),
            metadata={
                REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
                "description": "The first is asked first, the others are its backup.",
            },
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        layers: list[Any] = super()._deserialize(value, attr, data, **kwargs)
        for at, layer in enumerate(layers):
            layer.setdefault("name", f"Layer {at + 1}")
            layer["users"] = [str(user) for user in layer["users"]]
            if layer["starts_at"] is not None:
                layer["starts_at"] = timestamp(layer["starts_at"])
        try:
            if layers:
                on_call_layers.parse(layers, utcnow())
        except LayerError as error:
            place = error.place.removeprefix("layers").lstrip(".") or "layers"
            raise ValidationError(
                {place: [Fault(InvalidCode.CONFLICTING_FIELDS, _sentence(error.message))]}
            ) from None
        return layers


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:]}."


class OnCallScheduleInputSchema(BaseSchema):
    """The fields of a schedule that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["Operations"]})
    timezone = ZoneName()
    layers = Layers(required=True)


class OnCallScheduleSchema(OwnedAnswer, OnCallScheduleInputSchema):
    """A schedule as it is answered."""


class OnCallScheduleChangeSchema(UnchangedSince, OnCallScheduleInputSchema):
    """The fields of a schedule to change; the others stay."""


class OnCallScheduleReplacementSchema(Replacement, UnchangedSince, OnCallScheduleInputSchema):
    """A schedule as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(OnCallScheduleSchema, OnCallScheduleInputSchema)


class OverrideInputSchema(BaseSchema):
    """Override: a person in place of whoever would be first."""

    user_id = fields.UUID(required=True, metadata={"description": "A member."})
    from_ = NearMoment(data_key="from", required=True)
    to = NearMoment(required=True, metadata={"examples": ["2026-03-02T22:23:00Z"]})


class OverrideSchema(OverrideInputSchema):
    """An override as it is answered."""

    id = fields.UUID(required=True)
    schedule_id = fields.UUID(required=True)
    full_name = fields.String(required=True, metadata={"examples": ["Alice"]})


class OnCallPersonSchema(BaseSchema):
    """Person on call."""

    user_id = fields.UUID(required=True)
    full_name = fields.String(required=True, metadata={"examples": ["Alice"]})
    email = fields.String(required=True, metadata={"examples": ["alice@example.com"]})
    layer = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null: an override where no layer has anybody."},
    )
    is_override = fields.Boolean(required=True, metadata={"examples": [False]})


class AtSchema(BaseSchema):
    """Time that is meant."""

    at = NearMoment(metadata={"description": "Default: now."})


class OnCallSchema(BaseSchema):
    """People on call at a time, in the order in which they are asked."""

    at = Moment(required=True)
    on_call = fields.List(fields.Nested(OnCallPersonSchema), required=True)


class TimelineQuerySchema(BaseSchema):
    """Span of time that is meant; at most 100 days."""

    from_ = NearMoment(data_key="from", metadata={"description": "Default: now."})
    to = NearMoment(metadata={"description": "Default: 14 days after `from`."})


class GapSchema(BaseSchema):
    """A stretch of time in which nobody is on call."""

    from_ = Moment(data_key="from", required=True)
    to = Moment(required=True)


class SegmentSchema(GapSchema):
    """A stretch of time with the same people on call."""

    on_call = fields.List(fields.Nested(OnCallPersonSchema), required=True)


class TimelineSchema(GapSchema):
    """Timeline of who is on call, without a hole, and when nobody is."""

    segments = fields.List(fields.Nested(SegmentSchema), required=True)
    gaps = fields.List(fields.Nested(GapSchema), required=True)


class ForecastQuerySchema(BaseSchema):
    """Span of days to look ahead."""

    days = WrittenNumber(min=1, max=MAX_TIMELINE_DAYS, load_default=90)


class ForecastSchema(GapSchema):
    """Times when nobody will be on call."""

    gaps = fields.List(fields.Nested(GapSchema), required=True)
