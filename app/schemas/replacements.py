"""Objects sent back whole: read, edited and written again with the fields that answers add."""

from typing import Any, ClassVar

from marshmallow import Schema, pre_load

from app.schemas.base import BaseSchema, Moment


class UnchangedSince(BaseSchema):
    """Condition of a change: that nobody has changed the object since it was read."""

    unchanged_since = Moment(
        load_only=True,
        metadata={
            "description": "`updated_at` exactly as it was read. 409 when somebody has changed the"
            " object since; missing: the change is made whatever happened since.",
            "examples": ["2026-03-02T14:23:00Z"],
        },
    )


class Replacement(Schema):
    """Schema that ignores what only the server sets, so that what was read can be sent back."""

    ignored: ClassVar[frozenset[str]] = frozenset()

    @pre_load
    def drop_answers(self, data: Any, **_: Any) -> Any:
        """Leave out the fields that answers add."""
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if name not in self.ignored}


def answer_only(answer: type[Schema], given: type[Schema]) -> frozenset[str]:
    """Return the fields that an answer has and that callers cannot set, by their JSON names."""
    return frozenset(_names(answer)) - frozenset(_names(given))


def _names(schema: type[Schema]) -> list[str]:
    return [field.data_key or name for name, field in schema().fields.items()]
