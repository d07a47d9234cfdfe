"""JSON as strangers send it: what the standard library would accept and a database would not."""

import json
import math
import re
from typing import Any

MAX_DEPTH = 50
_LARGEST = 2**63 - 1
# Line breaks and tabs are part of longer texts; fields of one line refuse them by themselves.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


class UnreadableJson(ValueError):
    """The text is not the JSON we read; the message says why."""


class UnacceptableValue(ValueError):
    """A value inside readable JSON can not be stored; `path` says where."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


def parse(body: bytes) -> Any:
    """Return the JSON value of a body. Raises UnreadableJson or UnacceptableValue."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_constant=_no_constant,
            parse_int=_integer,
            object_pairs_hook=_no_duplicates,
        )
    except UnicodeDecodeError:
        raise UnreadableJson("the body is not UTF-8") from None
    except RecursionError:
        raise UnreadableJson(f"the JSON is nested more than {MAX_DEPTH} levels deep") from None
    except json.JSONDecodeError as error:
        raise UnreadableJson(
            f"the body is not JSON (line {error.lineno}, column {error.colno})"
        ) from None
    _check(value)
    return value


def has_control_characters(text: str) -> bool:
    """Say whether text of one line holds control characters, lone surrogates or broken UTF-8."""
    return _CONTROL.search(text) is not None


def _no_constant(name: str) -> Any:
    raise UnreadableJson(f"{name} is not JSON")


def _integer(digits: str) -> int | float:
    # Converting thousands of digits takes long; nothing this long is in range anyway.
    return int(digits) if len(digits) <= 20 else math.inf


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise UnreadableJson("an object names the same key twice")
    return result


def _check(value: Any, path: tuple[str | int, ...] = ()) -> None:
    if len(path) >= MAX_DEPTH:
        raise UnreadableJson(f"the JSON is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        for name, item in value.items():
            _check_text(name, path)
            _check_item(item, path, name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_item(item, path, index)
    else:
        _check_item(value, path, "body")


def _check_item(item: Any, path: tuple[str | int, ...], name: str | int) -> None:
    if isinstance(item, str):
        _check_text(item, (*path, name))
    elif isinstance(item, dict | list):
        _check(item, (*path, name))
    elif isinstance(item, int | float) and not -_LARGEST <= item <= _LARGEST:
        raise UnacceptableValue((*path, name), "The number is out of range.")


def _check_text(text: str, path: tuple[str | int, ...]) -> None:
    if _FORBIDDEN.search(text):
        raise UnacceptableValue(path, "Control characters are not allowed.")
