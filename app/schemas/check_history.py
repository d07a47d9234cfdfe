"""Schemas of the history of a service."""

from marshmallow import fields

from app.domain.types import FailureKind
from app.schemas.base import BaseSchema, Choice, Cursor, Moment, PageSchema
from app.schemas.services import STATUSES


class PhasesSchema(BaseSchema):
    """Phases of a check; null where there was no such part."""

    dns_ms = fields.Float(required=True, allow_none=True)
    connect_ms = fields.Float(required=True, allow_none=True)
    tls_ms = fields.Float(required=True, allow_none=True)
    ttfb_ms = fields.Float(required=True, allow_none=True)
    transfer_ms = fields.Float(required=True, allow_none=True)


class OutcomeSchema(BaseSchema):
    """Outcome of a check."""

    status = Choice(*STATUSES, required=True)
    response_time_ms = fields.Float(required=True, allow_none=True)
    status_code = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    failure_kind = Choice(
        *(kind.value for kind in FailureKind),
        required=True,
        allow_none=True,
        metadata={"description": "Why the check failed, as a word for programs; else null."},
    )
    phases = fields.Nested(PhasesSchema, required=True)


class CheckResultSchema(OutcomeSchema):
    """A check that was stored. `status` is its own status, before thresholds and regions."""

    id = fields.UUID(required=True)
    checked_at = Moment(required=True)
    region = fields.String(required=True)


class ProbeOutcomeSchema(OutcomeSchema):
    """Outcome of probing an unsaved service; nothing of it is stored."""

    evidence = fields.Dict(
        allow_none=True, metadata={"description": "Address dialled, headers, part of the body."}
    )


class ChecksQuerySchema(PageSchema):
    """Filter of results; the last hour unless said otherwise."""

    cursor = Cursor(r"[a-z0-9-]{1,30}")
    since = Moment(metadata={"description": "Default: one hour before `until`."})
    until = Moment(metadata={"description": "Default: now."})
    status = Choice(*STATUSES)


class OutagesQuerySchema(PageSchema):
    """Filter of outages; those that reach into the last 30 days unless said otherwise."""

    from_ = Moment(data_key="from", metadata={"description": "Default: 30 days before `to`."})
    to = Moment(metadata={"description": "Default: now."})


class OutageSchema(BaseSchema):
    """A time in which a service was RED."""

    started_at = Moment(required=True)
    ended_at = Moment(
        required=True, allow_none=True, metadata={"description": "null: it still lasts."}
    )
    duration_seconds = fields.Integer(required=True)
    ended_with = Choice(
        *STATUSES,
        "PAUSED",
        required=True,
        allow_none=True,
        metadata={"description": "The status that followed.", "examples": ["GREEN"]},
    )
    reason = fields.String(
        required=True, allow_none=True, metadata={"examples": ["expected status 2xx, got 503"]}
    )
    check_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The check that turned it RED."}
    )
    alert_ids = fields.List(fields.UUID(), required=True)
