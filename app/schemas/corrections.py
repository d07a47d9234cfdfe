"""Schemas of corrections of history."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from app.platform.errors import Fault, InvalidCode
from app.schemas.base import BaseSchema, Choice, Moment, Text

_KINDS = ("up", "down", "maintenance", "unknown")


class CorrectionInputSchema(BaseSchema):
    """A stretch of a service's history, in whole seconds, and what it really was."""

    from_ = Moment(data_key="from", required=True, metadata={"examples": ["2026-03-02T14:20:00Z"]})
    to = Moment(required=True, metadata={"examples": ["2026-03-02T14:31:00Z"]})
    kind = Choice(*_KINDS, required=True, metadata={"examples": ["up"]})
    reason = Text(
        max=500, required=True, metadata={"examples": ["The check's own certificate had ended."]}
    )

    @validates_schema
    def whole_seconds(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse fractions of a second. Raises ValidationError."""
        for name, key in (("from_", "from"), ("to", "to")):
            if name in data and data[name].microsecond:
                raise ValidationError(Fault(InvalidCode.WRONG_TIME, "Must be a whole second."), key)


class CorrectionSchema(BaseSchema):
    """A correction. Of overlapping ones the newest wins; one that was taken back does not count."""

    id = fields.UUID(required=True)
    service_id = fields.UUID(required=True)
    from_ = Moment(data_key="from", required=True)
    to = Moment(required=True)
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    created_at = Moment(required=True)
    created_by = fields.UUID(required=True, allow_none=True)
    withdrawn_at = Moment(required=True, allow_none=True)
    withdrawn_by = fields.UUID(required=True, allow_none=True)


class AcceptedCorrectionSchema(CorrectionSchema):
    """A correction that was just made."""

    hours = fields.Integer(
        required=True, metadata={"description": "How many hours are computed again in a minute."}
    )
