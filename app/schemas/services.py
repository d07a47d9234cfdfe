"""Schemas of /services."""

import re
from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate

from app.checks import CHECK_TYPES
from app.domain.types import Status
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
    PageSchema,
    Pattern,
    Text,
    Whole,
    WrittenFlag,
)
from app.schemas.replacements import UnchangedSince

_REGION = r"^[a-z0-9-]{1,30}$"
STATUSES = tuple(status.value for status in Status)


class CheckTypeName(fields.String):
    """The name of a check type in either case; aliases fold to the first name."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"enum": CHECK_TYPES.names(), "examples": ["HTTP"]}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        written = super()._deserialize(value, attr, data, **kwargs).strip().upper()
        kind = CHECK_TYPES.canonical(written)
        if kind is None:
            known = ", ".join(kind for kind, _ in CHECK_TYPES.items())
            raise ValidationError(f"Must be one of: {known}.")
        return kind


class Distinct(fields.List[Any]):
    """A list in which a value counts once."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        return list(dict.fromkeys(super()._deserialize(value, attr, data, **kwargs)))


class ServiceInputSchema(BaseSchema):
    """The fields of a service that callers set; what is missing takes its default."""

    name = Name(required=True, metadata={"examples": ["Shop"]})
    endpoint = Line(
        required=True,
        min=1,
        max=2048,
        metadata={
            REFUSALS: [InvalidCode.MALFORMED, InvalidCode.UNKNOWN_REFERENCE],
            "description": "URL, host:port, host or name, as the check type asks.",
            "examples": ["https://shop.example.com/health"],
        },
    )
    check_type = CheckTypeName(required=True)
    organization_id = fields.UUID(
        metadata={"description": "Given, it must be an organization the caller belongs to."}
    )
    description = Text()
    environment = Line(max=100, metadata={"examples": ["production"]})
    check_interval_seconds = Whole(min=1, max=86400, metadata={"default": 60})
    timeout_seconds = Whole(
        min=1,
        max=60,
        metadata={
            REFUSALS: [InvalidCode.CONFLICTING_FIELDS],
            "default": 10,
            "description": "Not above the interval.",
        },
    )
    tags = Distinct(
        Name(max=50), validate=validate.Length(max=50), metadata={"examples": [["web", "eu"]]}
    )
    is_active = Flag(metadata={"default": True, "description": "false: paused."})
    config = fields.Dict(
        keys=fields.String(),
        metadata={
            REFUSALS: [InvalidCode.UNFIT_CONFIG],
            "description": "Validated by the check type. Secrets are stored encrypted and answered"
            " as `********`; sending that back keeps them.",
        },
    )
    slow_threshold_ms = Whole(
        min=1,
        max=600_000,
        metadata={
            "description": "A passing check above it is YELLOW. Default: 1000, for REDIS 500."
        },
    )
    failure_threshold = Whole(
        min=1, max=10, metadata={"default": 1, "description": "Failures in a row before RED."}
    )
    recovery_threshold = Whole(
        min=1, max=10, metadata={"default": 1, "description": "Passes in a row to leave RED."}
    )
    retry_interval_seconds = Whole(
        min=1,
        max=86400,
        allow_none=True,
        metadata={
            "description": "Cadence while a change of state is being confirmed; null: the interval."
        },
    )
    regions = Distinct(
        fields.String(
            validate=Pattern(
                re.compile(_REGION, re.ASCII), error="Must be 1 to 30 of a-z, 0-9 and -."
            )
        ),
        validate=validate.Length(min=1, max=20),
        metadata={
            REFUSALS: [InvalidCode.UNKNOWN_REFERENCE],
            "default": ["default"],
            "description": "A check runs in each of them.",
        },
    )
    region_quorum = Choice(
        "any",
        "majority",
        "all",
        metadata={"default": "majority", "description": "How many regions must fail."},
    )
    depends_on = Distinct(
        fields.UUID(),
        validate=validate.Length(max=100),
        metadata={
            REFUSALS: [InvalidCode.UNKNOWN_REFERENCE, InvalidCode.CONFLICTING_FIELDS],
            "description": "Services this one needs; circles are refused.",
        },
    )
    escalation_policy_id = fields.UUID(
        allow_none=True, metadata={"description": "null: the organization's default."}
    )


class ServiceChangeSchema(UnchangedSince, ServiceInputSchema):
    """The fields of a service to change; the others stay."""


class ServiceReplacementSchema(UnchangedSince, ServiceInputSchema):
    """A service as it was read and then edited: what only the server sets is ignored."""

    @pre_load
    def drop_answers(self, data: Any, **_: Any) -> Any:
        """Leave out the fields that answers add."""
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if name not in ANSWER_ONLY}


class ServiceSchema(OwnedAnswer, ServiceInputSchema):
    """A service as it is answered."""

    status = Choice(*STATUSES, required=True)
    in_maintenance = fields.Boolean(required=True)
    last_checked_at = Moment(required=True, allow_none=True)
    last_response_time_ms = fields.Float(required=True, allow_none=True)
    last_error = fields.String(required=True, allow_none=True)
    status_changed_at = Moment(required=True, allow_none=True)
    next_check_at = Moment(
        required=True, allow_none=True, metadata={"description": "null while paused."}
    )
    badge_url = fields.String(
        required=True,
        metadata={
            "description": "Can be shown to anybody; `uptime.svg` and `response.svg` beside it.",
            "examples": [
                "http://localhost:3001/api/v1/badges/sv-5f0c6f3e2d1b4a798877665544332211/status.svg"
            ],
        },
    )


ANSWER_ONLY = frozenset(ServiceSchema().fields) - frozenset(ServiceInputSchema().fields)


class ServiceFilterSchema(PageSchema):
    """Filter of services."""

    status = Choice(*STATUSES)
    tag = Line(min=1, max=50)
    environment = Line(max=100)
    check_type = CheckTypeName()
    q = Line(min=1, max=200, metadata={"description": "Part of the name, endpoint or description."})
    is_active = WrittenFlag()
