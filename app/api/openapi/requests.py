"""Texts of requests in the OpenAPI document: what holds of all of them stands with each."""

from collections.abc import Iterator
from typing import Any

from marshmallow import fields

from app.schemas.base import LINE_PATTERN, TEXT_PATTERN, UUID_PATTERN

# A field that says more of itself than that it is a text.
_SAYS_MORE = ("pattern", "enum", "const")
_FORMS = ("uuid", "date-time", "idn-email")


def narrow(document: dict[str, Any]) -> None:
    """Say of every text that a request may carry that it holds no control characters.

    Queries take one line. What only answers hold is left alone.
    """
    schemas = document["components"]["schemas"]
    seen: set[str] = set()
    for item in document["paths"].values():
        for operation in item.values():
            if not isinstance(operation, dict):
                continue
            for parameter in operation.get("parameters", []):
                _narrow(parameter.get("schema", {}), LINE_PATTERN, schemas, seen)
            for media in operation.get("requestBody", {}).get("content", {}).values():
                _narrow(media.get("schema", {}), TEXT_PATTERN, schemas, seen)


def key_rule(_: Any, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """Return what holds of the keys of an object whose properties are not named."""
    if not isinstance(field, fields.Dict) or field.key_field is None:
        return {}
    if isinstance(field.key_field, fields.UUID):
        return {"propertyNames": {"pattern": f"^{UUID_PATTERN}$"}}
    return {"propertyNames": {"pattern": LINE_PATTERN}}


def _narrow(schema: Any, pattern: str, schemas: dict[str, Any], seen: set[str]) -> None:
    for found in parts_of(schema, schemas, seen):
        kind = found.get("type")
        if (kind == "string" or (isinstance(kind, list) and "string" in kind)) and not any(
            word in found for word in _SAYS_MORE
        ):
            if found.get("format") in _FORMS:
                continue
            found["pattern"] = pattern


def parts_of(schema: Any, schemas: dict[str, Any], seen: set[str]) -> Iterator[dict[str, Any]]:
    """Yield a schema and every schema in it, each component once."""
    if not isinstance(schema, dict):
        return
    name = schema.get("$ref", "").rpartition("/")[2]
    if name and name not in seen:
        seen.add(name)
        yield from parts_of(schemas[name], schemas, seen)
    yield schema
    for word in ("items", "additionalProperties"):
        yield from parts_of(schema.get(word), schemas, seen)
    for inner in schema.get("properties", {}).values():
        yield from parts_of(inner, schemas, seen)
    for word in ("oneOf", "anyOf", "allOf"):
        for inner in schema.get(word, ()):
            yield from parts_of(inner, schemas, seen)
