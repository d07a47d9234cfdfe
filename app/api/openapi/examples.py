"""Examples for the OpenAPI document, put together from what the fields say of themselves."""

from typing import Any

_BY_FORMAT = {
    "uuid": "7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90",
    "date-time": "2026-03-02T14:23:00Z",
    "email": "alice@example.com",
}
_BY_TYPE: dict[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 12.5,
    "boolean": True,
    "array": [],
    "object": {},
    "null": None,
}


def add_examples(document: dict[str, Any]) -> None:
    """Give every JSON body of the document an example, where it has none."""
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        _modernise(schema)
    for item in document["paths"].values():
        for operation in item.values():
            if not isinstance(operation, dict):
                continue
            _add(operation.get("requestBody", {}), schemas, unseen="readOnly")
            for answer in operation["responses"].values():
                _add(answer, schemas, unseen="writeOnly")


def _add(body: dict[str, Any], schemas: dict[str, Any], unseen: str) -> None:
    media = body.get("content", {}).get("application/json")
    if media and "example" not in media and "examples" not in media:
        media["example"] = example_of(media["schema"], schemas, unseen)


def _modernise(schema: Any) -> None:
    """Replace `example`, which OpenAPI 3.1 deprecates in schemas, by `examples`."""
    if isinstance(schema, list):
        for item in schema:
            _modernise(item)
    if not isinstance(schema, dict):
        return
    if "example" in schema and "properties" not in schema:
        schema.setdefault("examples", [schema.pop("example")])
    for name, item in schema.items():
        if name == "properties":  # whose keys are names, not keywords
            _modernise(list(item.values()))
        elif name not in ("examples", "default", "enum", "const"):
            _modernise(item)


def example_of(schema: dict[str, Any], schemas: dict[str, Any], unseen: str = "") -> Any:
    """Return an example of a schema, without the properties that are marked as `unseen`."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, unseen)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if "enum" in schema:
        return schema["enum"][0]
    for composed in ("oneOf", "anyOf", "allOf"):
        choices = [choice for choice in schema.get(composed, ()) if choice.get("type") != "null"]
        if choices:
            return example_of(choices[0], schemas, unseen)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = next(each for each in kind if each != "null")
    if kind == "object":
        return _object(schema, schemas, unseen)
    if kind == "array":
        return [example_of(schema["items"], schemas, unseen)] if "items" in schema else []
    if kind in ("integer", "number"):
        return max(_BY_TYPE[kind], schema.get("minimum", 0))
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE[kind])


def _object(schema: dict[str, Any], schemas: dict[str, Any], unseen: str) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {
        name: example_of(property, schemas, unseen)
        for name, property in properties.items()
        # An empty list of examples: a property that stands in place of another one.
        if not property.get(unseen) and property.get("examples") != []
    }
