"""What /maintenance-windows takes and gives."""

from marshmallow import fields, validate

from app.domain.maintenance.windows import MAX_DURATION_MINUTES, WindowStatus
from app.schemas.base import (
    BaseSchema,
    Choice,
    Line,
    Moment,
    Name,
    PageSchema,
    Text,
    Whole,
    WholeAnswer,
)
from app.schemas.organization import ZoneName
from app.schemas.replacements import Replacement, answer_only
from app.schemas.services import Distinct


class MaintenanceWindowInputSchema(BaseSchema):
    """The fields of a window that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["Database upgrade"]})
    description = Text()
    starts_at = Moment(
        metadata={"description": "May be left out with `recurrence`: from the last midnight on."}
    )
    ends_at = Moment(
        allow_none=True,
        metadata={
            "examples": ["2026-03-02T16:23:00Z"],
            "description": "With `recurrence` and `duration_minutes`: the end of the series.",
        },
    )
    recurrence = Line(
        min=1,
        max=500,
        allow_none=True,
        metadata={
            "examples": [None],
            "description": "RFC 5545 RRULE, such as `FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0`, in"
            " local wall time of `timezone`. null: the window comes once.",
        },
    )
    duration_minutes = Whole(
        min=1,
        max=MAX_DURATION_MINUTES,
        allow_none=True,
        metadata={"examples": [None], "description": "How long each of a recurring window lasts."},
    )
    timezone = ZoneName()
    service_ids = Distinct(
        fields.UUID(),
        validate=validate.Length(max=1000),
        metadata={
            "examples": [[]],
            "description": "With `tags`: services of either, and heartbeats of a tag. Both empty:"
            " all services and heartbeats.",
        },
    )
    tags = Distinct(
        Name(max=50), validate=validate.Length(max=50), metadata={"examples": [["database"]]}
    )
    status_page_ids = Distinct(
        fields.UUID(),
        validate=validate.Length(max=100),
        metadata={"examples": [[]], "description": "Status pages that announce it."},
    )


class MaintenanceWindowSchema(WholeAnswer, MaintenanceWindowInputSchema):
    """A window as it is answered."""

    id = fields.UUID(required=True)
    organization_id = fields.UUID(required=True)
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
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class MaintenanceWindowChangeSchema(MaintenanceWindowInputSchema):
    """The fields of a window to change; the others stay."""


class MaintenanceWindowReplacementSchema(Replacement, MaintenanceWindowInputSchema):
    """A window as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(MaintenanceWindowSchema, MaintenanceWindowInputSchema)


class MaintenanceWindowFilterSchema(PageSchema):
    """Which part of the windows to list."""
