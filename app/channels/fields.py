"""The kinds of values that configs of channel types are made of, bounded and described."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.domain.checks.endpoints import parse_url
from app.domain.mail_addresses import MAX_LENGTH, PATTERN, parse_mail_address
from app.platform.errors import Fault, InvalidCode

MAX_SECRET = 4_096
MAX_RECIPIENTS = 50
MAX_HEADERS = 50
# What `app.security.sealing` shows in the place of a secret; sent back, it keeps the stored one.
MASK = "*" * 8
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\Z")  # RFC 9110 5.6.2


class Line(fields.String):
    """One line of text, not blank; white space around it is dropped."""

    def __init__(self, *, max_length: int = 200, pattern: str = "", **kwargs: Any) -> None:
        checks: list[validate.Validator] = [validate.Length(min=1, max=max_length)]
        if pattern:
            checks.append(validate.Regexp(pattern))
        super().__init__(validate=checks, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs).strip()
        if _CONTROL.search(text):
            raise ValidationError("Control characters are not allowed.")
        return text


class WebUrl(Line):
    """An http or https address, without a user name in it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=2_048, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        return text if text == MASK and self.metadata.get("secret") else parsed_url(text)


def parsed_url(text: str) -> str:
    """Return a URL as it is stored. Raises ValidationError."""
    try:
        return parse_url(text).text
    except ValueError as error:
        sentence = str(error)
        raise ValidationError(
            Fault(InvalidCode.MALFORMED, f"{sentence[:1].upper()}{sentence[1:]}.")
        ) from None


class Address(Line):
    """A mail address; a domain of other alphabets is kept in its ASCII form."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"pattern": PATTERN, "x-refusals": [InvalidCode.MALFORMED]}
        metadata |= kwargs.pop("metadata", {})
        super().__init__(max_length=MAX_LENGTH, metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            return parse_mail_address(text)
        except ValueError as error:
            raise ValidationError(Fault(InvalidCode.MALFORMED, str(error))) from None


class Headers(fields.Dict):
    """Header names and values that can be sent as they are; `ours` are set by the channel."""

    def __init__(self, description: str, example: dict[str, str], ours: frozenset[str]) -> None:
        super().__init__(
            keys=fields.String(),
            values=Line(max_length=MAX_SECRET),
            validate=[validate.Length(max=MAX_HEADERS), self._validate_headers],
            metadata={"description": description, "example": example, "secret": "headers"},
        )
        self._ours = ours

    def _validate_headers(self, headers: Mapping[str, str]) -> None:
        for name in headers:
            if not _TOKEN.match(name):
                raise ValidationError(
                    Fault(InvalidCode.MALFORMED, f"{name[:100]!r} is not a header name.")
                )
            if name.lower() in self._ours:
                raise ValidationError(
                    Fault(InvalidCode.NOT_ALLOWED, f"{name} is set by AlertifyPro itself.")
                )


def line(description: str, example: str, **kwargs: Any) -> Line:
    """Return a field of one line of text."""
    return Line(metadata={"description": description, "example": example}, **kwargs)


def secret(description: str, example: str, *, generate: str | None = None, **kwargs: Any) -> Line:
    """Return a field that is stored encrypted and never shown; `generate` names the form in which a
    page may make one up."""
    metadata: dict[str, Any] = {"description": description, "example": example, "secret": True}
    if generate is not None:
        metadata["generate"] = generate
    return Line(max_length=MAX_SECRET, metadata=metadata, **kwargs)


def web_url(description: str, example: str, *, secret: bool = False, **kwargs: Any) -> WebUrl:
    """Return a field for an address; a webhook's address is a secret where it holds a token."""
    metadata: dict[str, Any] = {"description": description, "example": example}
    if secret:
        metadata["secret"] = True
    return WebUrl(metadata=metadata, **kwargs)


def choice(description: str, options: tuple[str, ...], default: str) -> fields.String:
    """Return one of several words."""
    return fields.String(
        validate=validate.OneOf(options),
        load_default=default,
        metadata={"description": description, "example": default},
    )


def several(description: str, of: Line, example: list[str]) -> fields.List[str]:
    """Return a required list of 1 to 50 different values; one alone may stand without a list."""
    return _Several(
        of,
        required=True,
        validate=validate.Length(min=1, max=MAX_RECIPIENTS),
        metadata={"description": description, "example": example},
    )


class _Several(fields.List[str]):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        items = [value] if isinstance(value, str) else value
        return list(dict.fromkeys(super()._deserialize(items, *args, **kwargs)))
