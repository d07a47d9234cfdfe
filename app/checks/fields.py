"""The kinds of values that configs of check types are made of, bounded and described."""

import json
import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.checks.base import CheckConfig
from app.domain.checks.assertions import OPERATORS, expected_codes
from app.domain.checks.json_path import parse as parse_path
from app.domain.checks.patterns import pattern

MAX_TEXT = 65_536
MAX_SECRET = 4_096
MAX_HEADERS = 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_BREAK = re.compile(r"[\t\r\n]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\Z")  # RFC 9110 5.6.2
_OURS = frozenset(("content-length", "transfer-encoding", "connection", "proxy-authorization"))
_OPERATOR_NAMES = {
    "=": "==",
    "eq": "==",
    "equals": "==",
    "ne": "!=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "starts_with": "startsWith",
    "startswith": "startsWith",
    "regex": "matches",
}


class Text(fields.String):
    """Text without control characters; `lines=True` allows line breaks and tabs."""

    def __init__(self, *, max_length: int = 1_000, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(max=max_length), **kwargs)
        self._lines = lines

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        if _CONTROL.search(text) or (not self._lines and _LINE_BREAK.search(text)):
            raise ValidationError("Control characters are not allowed.")
        return text


def text(description: str, example: Any, **kwargs: Any) -> Text:
    """Return an optional text field."""
    return Text(metadata={"description": description, "example": example}, **kwargs)


def secret(description: str, example: str = "s3cret", **kwargs: Any) -> Text:
    """Return a text field that is stored encrypted and never shown."""
    metadata = {"description": description, "example": example, "secret": True}
    return Text(max_length=MAX_SECRET, metadata=metadata, **kwargs)


def flag(description: str, default: bool) -> fields.Boolean:
    """Return an optional switch; the check itself applies the default."""
    return fields.Boolean(
        metadata={"description": description, "example": default, "default": default}
    )


class Whole(fields.Integer):
    """A whole number as JSON writes it, 15.0 as well: neither a text nor true."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise self.make_error("invalid", input=value)
        return int(value)


def number(description: str, low: int, high: int, default: int | None = None) -> fields.Integer:
    """Return an optional whole number within bounds; the check itself applies the default."""
    metadata: dict[str, Any] = {
        "description": description,
        "example": low if default is None else default,
    }
    if default is not None:
        metadata["default"] = default
    return Whole(validate=validate.Range(low, high), metadata=metadata)


def choice(description: str, options: tuple[str, ...], default: str | None = None) -> "Choice":
    """Return one of several words; either case is accepted."""
    metadata = {"description": description, "example": default or options[0]}
    if default is not None:
        metadata["default"] = default
    return Choice(options, metadata=metadata)


class Choice(fields.String):
    """One of several words, folded to the spelling of the list."""

    def __init__(self, options: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(options), **kwargs)
        self._spelling = {option.lower(): option for option in options}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        word = super()._deserialize(value, *args, **kwargs).strip()
        return self._spelling.get(word.lower(), word)


class Headers(fields.Dict):
    """Header names and values that can be sent as they are."""

    def __init__(self, description: str, example: Mapping[str, str], **kwargs: Any) -> None:
        metadata = {"description": description, "example": dict(example), "secret": "headers"}
        super().__init__(
            keys=fields.String(),
            values=Text(max_length=MAX_SECRET * 2),
            validate=validate.Length(max=MAX_HEADERS),
            metadata=metadata,
            **kwargs,
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        headers = super()._deserialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]
        for name in headers:
            if not _TOKEN.match(name):
                raise ValidationError(f"{name[:100]!r} is not a header name.")
            if name.lower() in _OURS:
                raise ValidationError(f"{name} is set by the check itself.")
        return headers


class StatusRule(fields.Field[Any]):
    """A status as 200, "2xx", "200-299,301" or a list of these."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        items = value if isinstance(value, list) else [value]
        if not items or len(items) > 50:
            raise ValidationError("Name 1 to 50 statuses.")
        if any(isinstance(item, bool) or not isinstance(item, str | int) for item in items):
            raise ValidationError('Write a status as 200, "2xx" or "200-299,301".')
        try:
            expected_codes(tuple(item if isinstance(item, int) else item[:500] for item in items))
        except ValueError as error:
            raise ValidationError(f"{error}.") from None
        return value


class Pattern(Text):
    """A regular expression in RE2's syntax."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            pattern(text)
        except ValueError as error:
            raise ValidationError(f"{error}.") from None
        return text


class JsonPath(Text):
    """A path such as $.data[0].name."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            parse_path(text)
        except ValueError as error:
            raise ValidationError(f"{error}.") from None
        return text


class Operator(Choice):
    """An operator; common other names fold to it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        word = super()._deserialize(value, *args, **kwargs)
        return _OPERATOR_NAMES.get(word.lower(), word)


class JsonValue(fields.Raw):
    """Any JSON value of bounded size."""

    def __init__(self, *, max_length: int = 1_000, **kwargs: Any) -> None:
        super().__init__(allow_none=True, **kwargs)
        self._max_length = max_length

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            written = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            raise ValidationError("Not a JSON value.") from None
        if len(written) > self._max_length:
            raise ValidationError(f"Longer than {self._max_length} characters.")
        return value


class JsonRule(CheckConfig):
    """One assertion on a JSON body."""

    path = JsonPath(
        required=True,
        max_length=500,
        metadata={"description": "where to look", "example": "$.status"},
    )
    operator = Operator(
        OPERATORS,
        load_default="==",
        metadata={"description": "how to compare", "example": "=="},
    )
    value = JsonValue(metadata={"description": "what to compare with", "example": "ok"})


class JsonRules(fields.List[dict[str, Any]]):
    """Assertions on a JSON body; one alone may stand without a list."""

    def __init__(self, description: str) -> None:
        super().__init__(
            fields.Nested(JsonRule),
            validate=validate.Length(max=50),
            metadata={
                "description": description,
                "example": [{"path": "$.status", "operator": "==", "value": "ok"}],
            },
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        rules = super()._deserialize(
            [value] if isinstance(value, Mapping) else value, *args, **kwargs
        )
        for rule in rules or ():
            if rule is not None and rule["operator"] == "matches":
                try:
                    pattern(str(rule.get("value", "")))
                except ValueError as error:
                    raise ValidationError(f"{error}.") from None
        return rules


class HeaderRules(fields.Dict):
    """Header names with text their values must contain; "Name: text" is understood too."""

    def __init__(self, description: str) -> None:
        super().__init__(
            keys=Text(max_length=100),
            values=Text(max_length=1_000),
            validate=validate.Length(max=MAX_HEADERS),
            metadata={"description": description, "example": {"Content-Type": "json"}},
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        lines = [value] if isinstance(value, str) else value
        if isinstance(lines, list):
            if not all(isinstance(line, str) for line in lines):
                raise ValidationError('Write {"Name": "text"} or "Name: text".')
            pairs = [line.partition(":") for line in lines]
            value = {name.strip(): part.strip() for name, _, part in pairs}
        return super()._deserialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]
