"""Answers and the schemas that describe them: neither has a field that the other lacks."""

import re

from tests.url_arguments import OWNED, make_owned

# Documents of their own.
_FREE = ("/openapi.json",)


def resolved(schema, components):
    """Return a schema with its reference followed and the parts of `allOf` put together."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rsplit("/", 1)[1]]
    for branch in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
        found = resolved(branch, components)
        if "properties" in found:
            return found
    return schema


def faults(value, schema, components, where):
    """Yield where a value and its schema have other fields, at any depth."""
    schema = resolved(schema, components)
    if isinstance(value, list):
        for item in value[:3]:
            yield from faults(item, schema.get("items", {}), components, f"{where}[]")
    elif isinstance(value, dict) and schema.get("properties"):
        described = schema["properties"]
        for name in sorted(value.keys() ^ described.keys()):
            side = "the answer" if name in value else "the schema"
            if name in value or name in schema.get("required", ()):
                yield f"{where}.{name} stands in {side} alone"
        for name in value.keys() & described.keys():
            yield from faults(value[name], described[name], components, f"{where}.{name}")


def test_every_answer_has_the_fields_of_its_schema_and_no_other(alice, document):
    ids, components = make_owned(alice), document["components"]["schemas"]
    seen, found = 0, []
    for path, item in document["paths"].items():
        arguments = set(re.findall(r"{(\w+)}", path))
        if "get" not in item or not arguments <= OWNED.keys() or not path.startswith("/api/v1/"):
            continue
        content = item["get"]["responses"].get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None or path.endswith(_FREE):
            continue
        answer = alice.get(path.format_map(ids).removeprefix("/api/v1"))
        if answer.status_code == 200 and answer.is_json:
            seen += 1
            found += faults(answer.json, schema, components, path)
    assert seen > 50
    assert not found, "\n".join(found)
