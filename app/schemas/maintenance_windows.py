"""Schemas of /maintenance-windows."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate, validates_schema

from app.domain.maintenance.windows import MAX_DURATION_MINUTES, MAX_EXDATES, WindowStatus
from app.platform.errors import InvalidCode
from app.schemas.base import (
    REFUSALS,
    BaseSchema,
    Choice,
    Flag,
    Line,
    Moment,
    Name,
    OwnedAnswer,
    Ruled,
    Text,
    Whole,
)
from app.schemas.organization import ZoneName
from app.schemas.replacements import Replacement, UnchangedSince, answer_only
from app.schemas.services import Distinct

_SCOPE = ("service_ids", "heartbeat_ids", "tags")


class MaintenanceWindowInputSchema(BaseSchema):
    """The fields of a window that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["Database upgrade"]})
    description = Text()
    starts_at = Moment(
        metadata={
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "description": "May be left out with `recurrence`: from the last midnight on.",
        }
    )
    ends_at = Moment(
        allow_none=True,
        metadata={
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "examples": ["2026-03-02T16:23:00Z"],
            "description": "With `recurrence` and `duration_minutes`: the end of the series.",
        },
    )
    recurrence = Line(
        min=1,
        max=500,
        allow_none=True,
        metadata={
            REFUSALS: [InvalidCode.MALFORMED, InvalidCode.CONFLICTING_FIELDS],
            "examples": [None],
            "description": "RFC 5545 RRULE, such as `FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0`, in"
            " local wall time of `timezone`. null: the window comes once.",
        },
    )
    duration_minutes = Whole(
        min=1,
        max=MAX_DURATION_MINUTES,
        allow_none=True,
        metadata={
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "examples": [None],
            "description": "How long each of a recurring window lasts.",
        },
    )
    timezone = ZoneName()
    service_ids = Distinct(
        fields.UUID(),
        validate=validate.Length(max=1000),
        metadata={
            "examples": [[]],
            "description": "With `tags` and `heartbeat_ids`: services and heartbeats of any. All"
            " three empty: all services and heartbeats.",
        },
    )
    tags = Distinct(
        Name(max=50), validate=validate.Length(max=50), metadata={"examples": [["database"]]}
    )
    heartbeat_ids = Distinct(
        fields.UUID(),
        validate=validate.Length(max=1000),
        metadata={"examples": [[]], "description": "Heartbeats by themselves."},
    )
    exdates = Distinct(
        Moment(),
        validate=validate.Length(max=MAX_EXDATES),
        metadata={
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "examples": [[]],
            "description": "Starts of occurrences that are skipped (EXDATE of RFC 5545).",
        },
    )
    status_page_ids = Distinct(
        fields.UUID(),
        validate=validate.Length(max=100),
        metadata={"examples": [[]], "description": "Status pages that announce it."},
    )


class MaintenanceWindowSchema(OwnedAnswer, MaintenanceWindowInputSchema):
    """A window as it is answered."""

    status = Choice(*(status.value for status in WindowStatus), required=True)
    is_active = fields.Boolean(required=True)
    next_start_at = Moment(
        required=True, allow_none=True, metadata={"description": "null: it does not come again."}
    )
    next_end_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "Of what goes on now, else of what comes next."},
    )
    ended_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "Ended by hand then.", "examples": [None]},
    )


class MaintenanceWindowChangeSchema(UnchangedSince, MaintenanceWindowInputSchema):
    """The fields of a window to change; the others stay."""

    reopen = Flag(
        load_only=True,
        metadata={
            "examples": [False],
            "description": "true: one that was ended by hand may silence again.",
        },
    )


class MaintenanceWindowReplacementSchema(Replacement, UnchangedSince, MaintenanceWindowInputSchema):
    """A window as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(MaintenanceWindowSchema, MaintenanceWindowInputSchema)


class MaintenanceNowSchema(Ruled, BaseSchema):
    """Maintenance that begins now: what is muted, and for how long."""

    json_rule: ClassVar = {
        "not": {
            "properties": {
                name: {"maxItems": 0} for name in ("service_ids", "heartbeat_ids", "tags")
            }
        }
    }

    minutes = Whole(min=1, max=MAX_DURATION_MINUTES, required=True, metadata={"examples": [30]})
    name = Name(load_default="Maintenance")
    description = Text()
    service_ids = Distinct(fields.UUID(), validate=validate.Length(max=1000))
    heartbeat_ids = Distinct(fields.UUID(), validate=validate.Length(max=1000))
    tags = Distinct(
        Name(max=50), validate=validate.Length(max=50), metadata={"examples": [["database"]]}
    )

    @validates_schema
    def _names_something(self, data: dict[str, Any], **_: Any) -> None:
        if not any(data.get(name) for name in _SCOPE):
            raise ValidationError("Say what: service_ids, heartbeat_ids or tags.", "service_ids")


class SkipSchema(BaseSchema):
    """Occurrence to skip."""

    starts_at = Moment(metadata={"description": "When it begins; left out: the next one."})
