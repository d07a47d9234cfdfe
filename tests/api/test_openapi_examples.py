"""Every example of the OpenAPI document is one: it conforms to its schema."""

from collections.abc import Iterator

from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.json_schemas import openapi_schema_validator


def media(document) -> Iterator[tuple[str, dict]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for place, body in bodies.items():
                found = body.get("content", {}).get("application/json")
                if found:
                    yield f"{method.upper()} {path} {place}", found


def test_examples_conform_to_their_schemas(document):
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:document", resource)
    validator_class = openapi_schema_validator().OAS31Validator
    faults, count = [], 0
    for place, found in media(document):
        schema = {"$ref": "urn:document#" + "", **found["schema"]}
        reference = found["schema"].get("$ref")
        schema = {"$ref": f"urn:document{reference}"} if reference else absolute(found["schema"])
        validator = validator_class(
            schema, registry=registry, format_checker=validator_class.FORMAT_CHECKER
        )
        count += 1
        for error in validator.iter_errors(found["example"]):
            faults.append(f"{place} {error.json_path}: {error.message[:300]}")
    assert not faults, "\n".join(faults)
    assert count > 200


def absolute(schema):
    if isinstance(schema, list):
        return [absolute(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: f"urn:document{item}" if name == "$ref" else absolute(item)
        for name, item in schema.items()
    }
