"""Base of every schema: unknown fields refused, types taken literally, text within limits."""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from app.domain.timezones import CLOCK_PATTERN
from app.platform.errors import Fault, InvalidCode

# Of a field: codes of the refusals of values that the schema allows.
REFUSALS = "x-refusals"
NAME_MAX = 200
DESCRIPTION_MAX = 2000
# Written for JavaScript too, because the API's description carries them.
# Marks, embeddings, overrides and isolates (Unicode UAX 9) turn the text around them as well.
_TURNS = r"\u202a-\u202e\u2066-\u2069"
# Default_Ignorable_Code_Point of Unicode: two names that look alike would not be the same. Joiners
# and variation selectors stay, which scripts and emoji need, but make no name by themselves.
_UNSEEN = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff"
    r"\uffa0\ufff0-\ufff8"
)
_BLANK = r"\s\u200c\u200d\u2800\ufe00-\ufe0f"
_TAGS = re.compile("[\U000e0000-\U000e0fff]")  # unseen as well, beyond what JavaScript calls \\u
_NO_CONTROL = "Control characters, also of the reading direction, are not allowed."
_NO_LINE = rf"\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c{_TURNS}"
_NO_NAME = _NO_LINE + _UNSEEN
LINE_PATTERN = rf"^[^{_NO_LINE}]*$"
NAME_PATTERN = rf"^[^{_NO_NAME}]*[^{_BLANK}{_NO_NAME}][^{_NO_NAME}]*$"
TEXT_PATTERN = rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_TURNS}]*$"
NUMBER_PATTERN = r"[0-9]{1,18}"
UUID_PATTERN = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Of a time that is accepted, the year; the first and the last few days of what is are left out.
_YEARS = r"^(197[1-9]|19[89][0-9]|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-7])-"
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST = datetime(9998, 12, 31, tzinfo=UTC)


class BaseSchema(Schema):
    """A request or an answer. Unknown fields are refused."""

    error_messages = {"type": "A JSON object is expected."}

    class Meta:
        unknown = RAISE


class Ruled(Schema):
    """A request with a rule between fields, said in JSON Schema for the OpenAPI document too.

    Not by `oneOf` or `anyOf`: generators of clients take the alternatives for the whole type.
    """

    json_rule: ClassVar[dict[str, Any]]


class WholeAnswer(Schema):
    """An answer that always carries every field, also those that a request may leave out."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Mark each field as required, but for those that are only taken."""
        field_obj.required = not field_obj.load_only


class Pattern(validate.Regexp):
    """The whole text must match. (`$` alone lets a line break at the end pass.)"""

    def __call__(self, value: Any) -> Any:
        """Return the text. Raises ValidationError when it does not match."""
        if not re.fullmatch(self.regex, value):
            raise ValidationError(self._format_error(value))
        return value


_NO_NAME_GIVEN = "Must be one line of text that can be seen, not blank, in one direction."


def _refuse_tags(value: str) -> None:
    if _TAGS.search(value):
        raise ValidationError(Fault(InvalidCode.UNSTORABLE_TEXT, _NO_NAME_GIVEN))


class Line(fields.String):
    """One line of text without control characters."""

    def __init__(self, *, max: int, min: int = 0, **kwargs: Any) -> None:
        checks = [
            validate.Length(min=min or None, max=max),
            Pattern(
                LINE_PATTERN,
                error=_NO_CONTROL,
            ),
        ]
        super().__init__(validate=checks, **kwargs)


class Name(fields.String):
    """Name of a thing: one line, not blank; surrounding white space is dropped."""

    def __init__(self, *, max: int = NAME_MAX, **kwargs: Any) -> None:
        checks: list[Any] = [
            validate.Length(min=1, max=max),
            Pattern(NAME_PATTERN, error=_NO_NAME_GIVEN),
            _refuse_tags,
        ]
        super().__init__(validate=checks, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).strip()


class Text(fields.String):
    """Text of several lines; control characters other than line breaks and tabs are refused."""

    def __init__(self, *, max: int = DESCRIPTION_MAX, **kwargs: Any) -> None:
        checks = [
            validate.Length(max=max),
            Pattern(
                TEXT_PATTERN,
                error=_NO_CONTROL,
            ),
        ]
        super().__init__(validate=checks, **kwargs)


class Whole(fields.Integer):
    """A whole number as JSON writes it: neither a string nor true."""

    def __init__(self, *, min: int, max: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=min, max=max), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return value


class WrittenNumber(fields.Integer):
    """A whole number in a query string: ASCII digits only."""

    def __init__(self, *, min: int, max: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=min, max=max), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
            raise self.make_error("invalid", input=value)
        return int(value)


class Number(fields.Float):
    """A number as JSON writes it: neither a string nor true. There is no -0."""

    def __init__(self, *, min: float, max: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=min, max=max), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if type(value) not in (int, float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs) + 0.0


class WrittenDecimal(Number):
    """A number in a query string, in ASCII as JSON writes it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if not re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", str(value)):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(float(value), attr, data, **kwargs)


class Flag(fields.Boolean):
    """true or false as JSON writes them."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class WrittenFlag(fields.Boolean):
    """true or false in a query string."""

    truthy = {"true"}
    falsy = {"false"}


class Choice(fields.String):
    """One of a few words."""

    def __init__(self, *choices: str, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(choices), **kwargs)


class Moment(fields.DateTime):
    """A time with its offset (RFC 3339), converted to UTC. A time without an offset is refused."""

    default_error_messages = {
        "invalid": "Must be a time like 2026-03-02T14:23:00Z.",
        "naive": "Must carry an offset, like 2026-03-02T14:23:00Z.",
        "range": "Must lie between 1970 and 9998.",
    }

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"pattern": _YEARS} | dict(kwargs.pop("metadata", None) or {})
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        # A `+` that was not escaped in a query string arrives as a space.
        written = re.sub(r" (\d{2}:\d{2})$", r"+\1", value) if isinstance(value, str) else ""
        if not _RFC3339.fullmatch(written):
            naive = re.fullmatch(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?", written)
            raise self.make_error("naive" if naive else "invalid")
        try:
            at = datetime.fromisoformat(written.upper()).astimezone(UTC)
        except ValueError:
            raise self.make_error("invalid") from None
        except OverflowError:
            raise self.make_error("range") from None
        if not _EARLIEST <= at <= _LATEST:
            raise self.make_error("range")
        return at


class OwnedAnswer(WholeAnswer):
    """Answer about an object of an organization, with what the server alone sets of each."""

    id = fields.UUID(required=True)
    organization_id = fields.UUID(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class Clock(fields.String):
    """A time of day on a clock, 00:00 to 24:00."""

    def __init__(self, **kwargs: Any) -> None:
        error = "Must be a time of day like 22:00."
        super().__init__(validate=Pattern(f"^({CLOCK_PATTERN})$", error=error), **kwargs)


class Cursor(fields.String):
    """A position in a list: a time, and the key of a row."""

    def __init__(self, key: str = UUID_PATTERN) -> None:
        super().__init__(
            validate=Pattern(rf"^[0-9]{{1,17}}\.{key}$", error="Not one that this list gave."),
            metadata={"description": "Where to go on: the `cursor` of the last answer's `Link`."},
        )


class PageSchema(BaseSchema):
    """Page of a list, and the fields of its items."""

    limit = WrittenNumber(
        min=1, max=1000, load_default=500, metadata={"description": "How many at most."}
    )
    cursor = Cursor()
    shown = fields.String(
        data_key="fields",
        validate=[
            validate.Length(max=1000),
            Pattern(r"^[a-z0-9_]+(,[a-z0-9_]+)*$", error="Must be names with commas in between."),
        ],
        metadata={
            "description": "Only these fields of each item, with commas in between.",
            "examples": ["id"],
        },
    )

    @post_load
    def leave_fields_to_the_answer(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Take out what is no filter: the answer reads it from the request itself."""
        data.pop("shown", None)
        return data


class ErrorSchema(BaseSchema):
    """Every refusal and every failure."""

    error = fields.String(required=True, metadata={"description": "One sentence for people."})
    code = Choice(
        *InvalidCode,
        metadata={
            "description": "Only with 422: `invalid` where the schema says what is wrong; else the"
            " rule that no schema can say. Each operation lists its own.",
            "examples": ["invalid"],
        },
    )
    fields_ = fields.Dict(
        data_key="fields",
        metadata={"description": "Only with 422: what is wrong with which field."},
    )
