"""Schemas of /organization."""

import json
import re
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.domain.timezones import zone
from app.platform.errors import Fault, InvalidCode
from app.schemas.base import REFUSALS, BaseSchema, Line, Moment, Name, Pattern, WholeAnswer

SLUG_PATTERN = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
_SETTINGS_BYTES = 16_384


class ZoneName(Line):
    """An IANA time zone."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            REFUSALS: [InvalidCode.UNKNOWN_TIME_ZONE],
            "examples": ["Europe/Berlin"],
        }
        super().__init__(min=1, max=64, metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        try:
            zone(name)
        except ValueError:
            sentence = "Must be a time zone like Europe/Berlin."
            raise ValidationError(Fault(InvalidCode.UNKNOWN_TIME_ZONE, sentence)) from None
        return str(name)


def small(settings: Any) -> None:
    """Raise ValidationError for settings that take too much room."""
    if len(json.dumps(settings)) > _SETTINGS_BYTES:
        raise ValidationError(Fault(InvalidCode.TOO_LARGE, "Must not take more than 16 kB."))


class OrganizationChangeSchema(BaseSchema):
    """Changes of an organization."""

    name = Name(max=250)
    slug = fields.String(
        validate=[
            validate.Length(1, 60),
            Pattern(
                re.compile(SLUG_PATTERN, re.ASCII),
                error="Must be a-z, 0-9 and -, with - only in between.",
            ),
        ],
        metadata={"examples": ["alices-organization"]},
    )
    timezone = ZoneName()
    settings = fields.Dict(
        keys=fields.String(),
        validate=small,
        metadata={
            REFUSALS: [InvalidCode.TOO_LARGE],
            "description": "Free for the caller's use; replaced as a whole.",
        },
    )


class OrganizationSchema(WholeAnswer, OrganizationChangeSchema):
    """An organization."""

    id = fields.UUID(required=True)
    plan_type = fields.String(required=True, metadata={"examples": ["free"]})
    max_services = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"examples": [5], "description": "null: this server has no limits (PLAN_LIMITS)."},
    )
    services_count = fields.Integer(required=True)
    default_escalation_policy_id = fields.UUID(required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class OrganizationDeletionSchema(BaseSchema):
    """The slug of the organization, typed by whoever means to delete it."""

    slug = Line(
        required=True,
        min=1,
        max=60,
        metadata={REFUSALS: [InvalidCode.UNCONFIRMED], "examples": ["alices-organization"]},
    )
