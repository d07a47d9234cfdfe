"""Stretches of time that a list is asked for."""

from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from app.platform.errors import Fault, InvalidCode
from app.schemas.base import REFUSALS, Moment


class Since(Moment):
    """The beginning of a stretch, both ends of which may be left out."""

    def __init__(self, description: str) -> None:
        metadata = {REFUSALS: [InvalidCode.WRONG_TIME], "description": description}
        super().__init__(data_key="from", metadata=metadata)


class InOrder(Schema):
    """A filter with `from` and `to`: one that ends before it begins finds nothing, and looks as if
    nothing had been."""

    @validates_schema
    def _ends_after_it_begins(self, data: dict[str, Any], **_: Any) -> None:
        ends = {
            field.data_key or name: data.get(field.attribute or name)
            for name, field in self.load_fields.items()
        }
        since, until = ends["from"], ends["to"]
        if since and until and until < since:
            fault = Fault(InvalidCode.WRONG_TIME, "Must not be after to.")
            raise ValidationError(fault, "from")
