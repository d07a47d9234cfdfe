"""Schemas of /heartbeats."""

from marshmallow import fields, validate

from app.domain.heartbeats.schedules import MAX_EXPRESSION
from app.domain.heartbeats.states import HeartbeatStatus, PingKind
from app.domain.messages.events import SEVERITIES
from app.platform.errors import InvalidCode
from app.schemas.base import (
    NUMBER_PATTERN,
    REFUSALS,
    BaseSchema,
    Choice,
    Cursor,
    Flag,
    Line,
    Moment,
    Name,
    OwnedAnswer,
    PageSchema,
    Text,
    Whole,
    WrittenFlag,
)
from app.schemas.replacements import Replacement, UnchangedSince, answer_only
from app.schemas.services import Distinct

STATUSES = tuple(status.value for status in HeartbeatStatus)
KINDS = tuple(kind.value for kind in PingKind)
_MONTH = 2_592_000
_KEY = "nightly-backup-0a1b2c3d4e5f60718293a4b5c6d7e8f9"


class HeartbeatInputSchema(BaseSchema):
    """The fields of a heartbeat that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["Nightly backup"]})
    description = Text()
    schedule = Line(
        min=1,
        max=MAX_EXPRESSION,
        metadata={
            REFUSALS: [InvalidCode.MALFORMED],
            "default": "every 1h",
            "description": "`every 30s`, `every 5m`, `every 1h`, `every 1d`, counted from the last"
            " ping; or a cron expression of five fields, in `timezone`.",
            "examples": ["0 2 * * *"],
        },
    )
    timezone = Line(
        min=1,
        max=64,
        metadata={
            REFUSALS: [InvalidCode.UNKNOWN_TIME_ZONE],
            "default": "UTC",
            "description": "For cron. A time that a change of the clocks skips is due right after"
            " the jump; one that comes twice is due the first time.",
            "examples": ["Europe/Berlin"],
        },
    )
    grace_period_seconds = Whole(
        min=0,
        max=_MONTH,
        metadata={"default": 300, "description": "How long after its time a ping is no miss."},
    )
    tags = Distinct(
        Name(max=50), validate=validate.Length(max=50), metadata={"examples": [["backup"]]}
    )
    severity = Choice(*SEVERITIES, metadata={"default": "critical"})
    notification_channel_ids = Distinct(
        fields.UUID(),
        validate=validate.Length(max=100),
        metadata={"description": "Who is told; empty: every channel.", "examples": [[]]},
    )
    escalation_policy_id = fields.UUID(
        allow_none=True,
        metadata={"description": "null: the organization's default.", "examples": [None]},
    )
    max_runtime_seconds = Whole(
        min=1,
        max=_MONTH,
        allow_none=True,
        metadata={
            "description": "A run that has started must end within it; null: with the next ping.",
            "examples": [3600],
        },
    )
    min_interval_seconds = Whole(
        min=1,
        max=_MONTH,
        allow_none=True,
        metadata={
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "description": "A success sooner than this after the last one is a fault.",
            "examples": [None],
        },
    )
    min_duration_seconds = Whole(
        min=1,
        max=_MONTH,
        allow_none=True,
        metadata={
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "description": "A run that ends sooner than this is a fault: it did nothing.",
            "examples": [None],
        },
    )
    max_duration_seconds = Whole(
        min=1,
        max=_MONTH,
        allow_none=True,
        metadata={"description": "A run that took longer is a fault.", "examples": [1800]},
    )
    is_active = Flag(metadata={"default": True, "description": "false: paused."})


class HeartbeatChangeSchema(UnchangedSince, HeartbeatInputSchema):
    """The fields of a heartbeat to change; the others stay."""


class HeartbeatSchema(OwnedAnswer, HeartbeatInputSchema):
    """A heartbeat as it is answered."""

    unique_key = fields.String(
        required=True,
        metadata={"description": "Whoever knows it may ping.", "examples": [_KEY]},
    )
    ping_url = fields.String(
        required=True,
        metadata={"examples": [f"http://localhost:3001/api/v1/heartbeat/{_KEY}"]},
    )
    previous_key_until = Moment(
        required=True,
        allow_none=True,
        metadata={
            "description": "Until then the key of before the last rotation works as well.",
            "examples": [None],
        },
    )
    badge_key = fields.String(
        required=True,
        metadata={
            "description": "For badges; it can be shown to anybody.",
            "examples": ["hb-5f0c6f3e2d1b4a798877665544332211"],
        },
    )
    badge_url = fields.String(
        required=True,
        metadata={
            "examples": [
                "http://localhost:3001/api/v1/badges/hb-5f0c6f3e2d1b4a798877665544332211/status.svg"
            ]
        },
    )
    status = Choice(
        *STATUSES,
        required=True,
        metadata={
            "description": "`running`: a run has started; `late`: due, inside the grace; `missed`:"
            " past it, or a run past its time; `failed`: the job said so or broke a limit."
        },
    )
    status_reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it is late, missed or failed.", "examples": [None]},
    )
    status_changed_at = Moment(required=True)
    running = fields.Integer(
        required=True, metadata={"description": "How many runs are open.", "examples": [0]}
    )
    last_ping_at = Moment(
        required=True, allow_none=True, metadata={"description": "The last success or failure."}
    )
    last_duration_ms = fields.Float(
        required=True, allow_none=True, metadata={"description": "Of the last run that ended."}
    )
    next_expected_at = Moment(
        required=True, allow_none=True, metadata={"description": "null while paused."}
    )


class HeartbeatReplacementSchema(Replacement, UnchangedSince, HeartbeatInputSchema):
    """A heartbeat as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(HeartbeatSchema, HeartbeatInputSchema)


class HeartbeatFilterSchema(PageSchema):
    """Filter of heartbeats."""

    status = Choice(*STATUSES)
    tag = Line(min=1, max=50)
    q = Line(min=1, max=200, metadata={"description": "Part of the name or description."})
    is_active = WrittenFlag()


class HistoryPageSchema(PageSchema):
    """Page of a history whose rows have numbers."""

    cursor = Cursor(NUMBER_PATTERN)


class PingFilterSchema(HistoryPageSchema):
    """Filter of pings."""

    kind = Choice(*KINDS)


class HeartbeatPingSchema(BaseSchema):
    """One report of a job, as it arrived."""

    id = fields.Integer(required=True)
    kind = Choice(*KINDS, required=True)
    received_at = Moment(required=True)
    exit_status = fields.Integer(required=True, allow_none=True, metadata={"examples": [0]})
    run_id = fields.UUID(required=True, allow_none=True)
    duration_ms = fields.Float(
        required=True, allow_none=True, metadata={"description": "Of the run that it ended."}
    )
    body = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Its first 10 kB.", "examples": ["backed up 42 files"]},
    )
    remote_addr = fields.String(
        required=True, allow_none=True, metadata={"examples": ["192.0.2.7"]}
    )
    user_agent = fields.String(
        required=True, allow_none=True, metadata={"examples": ["curl/8.5.0"]}
    )


class HeartbeatFlipSchema(BaseSchema):
    """A change into or out of missed, failed or paused, at the time it was due."""

    at = Moment(required=True)
    from_ = Choice(*STATUSES, data_key="from", required=True)
    to = Choice(*STATUSES, required=True)
    reason = fields.String(required=True, allow_none=True)
