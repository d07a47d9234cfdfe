"""The JSON schema of a plug-in's config, generated from the schema that validates it."""

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

_OPENAPI = "3.1.0"  # the first version whose schemas are those of JSON Schema

# Without a name an inner schema is written where it is used.
_converter: Any = OpenAPIConverter(
    _OPENAPI, schema_name_resolver=lambda _: None, spec=APISpec("Configs", "1", _OPENAPI)
)


def _secret(_: Any, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """Mark what is stored encrypted; `"headers"` means the values under sensitive names.

    `x-generate` names the form of a secret that a page may make up for its user.
    """
    mark, form = field.metadata.get("secret"), field.metadata.get("generate")
    return ({"x-secret": mark} if mark else {}) | ({"x-generate": form} if form else {})


_converter.add_attribute_function(_secret)


def json_schema(schema: type[Schema]) -> dict[str, Any]:
    """Return a schema as JSON Schema 2020-12; secret fields are marked with `x-secret`."""
    result: dict[str, Any] = _modern(_converter.schema2jsonschema(schema))
    return result


def _modern(value: Any) -> Any:
    """Write `example`, which OpenAPI has and JSON Schema has not, as `examples`."""
    if isinstance(value, list):
        return [_modern(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {
        name: {key: _modern(item) for key, item in inner.items()}
        if name == "properties"
        else _modern(inner)
        for name, inner in value.items()
        if name != "example"
    }
    return found | ({"examples": [value["example"]]} if "example" in value else {})
