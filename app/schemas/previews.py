"""Schemas of previews of schedules and windows."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Moment, Whole
from app.schemas.heartbeats import HeartbeatInputSchema
from app.schemas.maintenance_windows import MaintenanceWindowInputSchema

MOST = 50


def _count() -> Whole:
    return Whole(min=1, max=MOST, load_default=5, metadata={"description": "How many to show."})


class HeartbeatPreviewInputSchema(HeartbeatInputSchema):
    """The schedule of an unsaved heartbeat."""

    class Meta(HeartbeatInputSchema.Meta):
        fields = ("schedule", "timezone", "grace_period_seconds", "count")

    count = _count()


class ExpectationSchema(BaseSchema):
    """Expectation of a ping: when it is due, and from when on it is missed."""

    expected_at = Moment(required=True)
    missed_at = Moment(required=True)


class HeartbeatPreviewSchema(BaseSchema):
    """Preview of the pings that would be expected."""

    schedule = fields.String(required=True, metadata={"examples": ["0 2 * * *"]})
    timezone = fields.String(required=True, metadata={"examples": ["Europe/Berlin"]})
    expected = fields.List(fields.Nested(ExpectationSchema), required=True)


class WindowPreviewInputSchema(MaintenanceWindowInputSchema):
    """The times and the scope of an unsaved window."""

    class Meta(MaintenanceWindowInputSchema.Meta):
        fields = (
            "starts_at",
            "ends_at",
            "recurrence",
            "duration_minutes",
            "timezone",
            "service_ids",
            "heartbeat_ids",
            "exdates",
            "tags",
            "count",
        )

    count = _count()


class OccurrenceSchema(BaseSchema):
    """A time of maintenance."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)


class WindowPreviewSchema(BaseSchema):
    """Preview of a window: when it would be active, and what it would cover."""

    occurrences = fields.List(fields.Nested(OccurrenceSchema), required=True)
    services_count = fields.Integer(
        required=True, metadata={"description": "How many services it covers today."}
    )
    heartbeats_count = fields.Integer(required=True)
