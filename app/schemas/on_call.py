"""Schemas of /on-call."""

from marshmallow import fields

from app.platform.errors import InvalidCode
from app.schemas.base import REFUSALS, BaseSchema, Choice, Moment, WrittenNumber
from app.schemas.on_call_schedules import GapSchema, OnCallPersonSchema, SegmentSchema

MAX_DAYS = 60


class OverviewQuerySchema(BaseSchema):
    """Span of days to look ahead."""

    days = WrittenNumber(min=1, max=MAX_DAYS, load_default=14)


class ScheduleOverviewSchema(BaseSchema):
    """A schedule: who is on call now, who is next, and when nobody is."""

    schedule_id = fields.UUID(required=True)
    name = fields.String(required=True, metadata={"examples": ["Operations"]})
    timezone = fields.String(required=True, metadata={"examples": ["Europe/Berlin"]})
    on_call = fields.List(fields.Nested(OnCallPersonSchema), required=True)
    until = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "null: nobody else in the days that were looked at."},
    )
    next = fields.Nested(SegmentSchema, required=True, allow_none=True)
    gaps = fields.List(fields.Nested(GapSchema), required=True)


class ShiftSchema(GapSchema):
    """A stretch of time that somebody is on call."""

    schedule_id = fields.UUID(required=True)
    schedule = fields.String(required=True, metadata={"examples": ["Operations"]})
    user_id = fields.UUID(required=True)
    full_name = fields.String(required=True, metadata={"examples": ["Alice"]})
    email = fields.String(required=True, metadata={"examples": ["alice@example.com"]})
    layer = fields.String(required=True, allow_none=True)
    is_override = fields.Boolean(required=True)


class OnCallOverviewSchema(BaseSchema):
    """On-call people of every schedule, and the caller's own shifts."""

    at = Moment(required=True)
    schedules = fields.List(fields.Nested(ScheduleOverviewSchema), required=True)
    own_shifts = fields.List(
        fields.Nested(ShiftSchema),
        required=True,
        metadata={"description": "Of the caller, in the days that were looked at."},
    )


class CalendarInputSchema(BaseSchema):
    """Kind of a calendar: one's own shifts, or everybody's."""

    scope = Choice(
        "mine",
        "all",
        required=True,
        metadata={
            REFUSALS: [InvalidCode.LIMIT_REACHED],
            "description": "The caller's, or everybody's.",
        },
    )


class CalendarSchema(CalendarInputSchema):
    """A calendar as it is answered."""

    id = fields.UUID(required=True)
    organization_id = fields.UUID(required=True)
    created_at = Moment(required=True)


class MadeCalendarSchema(CalendarSchema):
    """A calendar with its address."""

    url = fields.String(
        required=True,
        metadata={
            "description": "Shown only now; whoever knows it can read the calendar.",
            "examples": ["http://localhost:3001/api/v1/on-call/calendars/0a1b2c3d.ics"],
        },
    )
