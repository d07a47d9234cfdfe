"""Refusals that no JSON schema can say: each operation lists the codes of its own with its 422."""

from copy import deepcopy
from typing import Any

from app.api.openapi import errors
from app.api.openapi.requests import parts_of
from app.platform.errors import InvalidCode
from app.schemas.base import REFUSALS

# What a value of a format may be refused for.
_OF_FORMAT = {"uuid": InvalidCode.UNKNOWN_REFERENCE, "date-time": InvalidCode.WRONG_TIME}


def add_refusals(document: dict[str, Any]) -> None:
    """Say of each operation which values it refuses that its schema allows.

    The codes stand in `x-refusals` of the answer 422 and of the fields that they are about.
    """
    schemas = document["components"]["schemas"]
    asked: set[str] = set()
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                _add(operation, schemas, asked)
    for name in schemas.keys() - asked:
        _drop(schemas[name])


def _add(operation: dict[str, Any], schemas: dict[str, Any], asked: set[str]) -> None:
    seen: set[str] = set()
    given = [
        media["schema"] for media in operation.get("requestBody", {}).get("content", {}).values()
    ]
    given += [
        parameter["schema"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    ]
    codes = {
        code
        for schema in given
        for part in parts_of(schema, schemas, seen)
        for code in _codes(part)
    }
    asked |= seen
    answer = operation["responses"].get("422", {})
    if not codes or answer != errors.reference("422"):
        return
    whole = deepcopy(errors.components()[errors.ERRORS["422"][0]])
    listed = sorted(code.value for code in codes)
    whole[REFUSALS] = listed
    whole["description"] += f" `code` is `invalid`, or {_either(listed)}."
    operation["responses"]["422"] = whole


def _codes(schema: dict[str, Any]) -> set[InvalidCode]:
    """Return the codes of one schema, without those of its parts."""
    codes = {InvalidCode(code) for code in schema.get(REFUSALS, ())}
    if schema.get("format") in _OF_FORMAT:
        codes.add(_OF_FORMAT[schema["format"]])
    is_open = schema.get("type") == "object" and "properties" not in schema
    if is_open and schema.get("additionalProperties", {}) in ({}, True):
        codes.add(InvalidCode.UNSTORABLE_TEXT)
    return codes


def _either(codes: list[str]) -> str:
    *others, last = (f"`{code}`" for code in codes)
    return f"{', '.join(others)} or {last}" if others else last


def _drop(schema: Any) -> None:
    """Take the codes out of a schema that only answers have."""
    if isinstance(schema, list):
        for item in schema:
            _drop(item)
    elif isinstance(schema, dict):
        schema.pop(REFUSALS, None)
        for item in schema.values():
            _drop(item)
