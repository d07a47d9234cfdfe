"""The OpenAPI document: valid, complete, and served with its page."""

import json
import os
import re
import shlex
import sys
from types import SimpleNamespace

import pytest

from app.api.openapi.reference import chapters_of
from app.api.openapi.shared_document import SharedDocument
from app.checks import CHECK_TYPES
from tests.json_schemas import openapi_spec_validator


def described(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def test_it_is_valid(document):
    assert document["openapi"] == "3.1.0"
    openapi_spec_validator().OpenAPIV31SpecValidator(document).validate()


def test_every_operation_is_described(document):
    for name, operation in described(document):
        assert operation["summary"], name
        assert operation["operationId"], name
        assert {"400", "422", "503"} <= set(operation["responses"]), name
        if operation.get("security") != []:
            assert {"401", "403", "404"} <= set(operation["responses"]), name
        for answer in (operation.get("requestBody", {}), *operation["responses"].values()):
            for kind, media in answer.get("content", {}).items():
                assert kind != "application/json" or "example" in media, name


def patterns_in(value):
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"], value.get("format")
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from patterns_in(inner)


def test_patterns_are_those_of_whole_texts(document):
    """A pattern of JSON Schema may match anywhere: what is validated as a whole is anchored."""
    found = set(patterns_in(document))
    assert len(found) > 5
    for pattern, format in found:
        assert pattern.startswith("^"), pattern
        assert pattern.endswith("$") or format == "date-time", pattern


def parts_with_required(value):
    if isinstance(value, dict):
        if isinstance(value.get("required"), list):
            yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from parts_with_required(inner)


def test_what_is_required_is_defined(document):
    """Linters of the document ask it of every schema, also of those inside `not`."""
    found = list(parts_with_required(document))
    assert len(found) > 100
    for schema in found:
        assert set(schema["required"]) <= set(schema.get("properties", {})), schema


def test_every_group_is_described(document):
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    used = {tag for _, operation in described(document) for tag in operation["tags"]}
    assert used == set(tags)
    assert all(tags.values())


def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for _, operation in described(document)]
    assert len(ids) == len(set(ids))


def test_every_route_of_the_api_is_in_it(app, document):
    # Links in messages, and what agents and server, two ends of one program, say to each other.
    hidden = ("/api/v1/docs/", "/api/v1/alerts/act/", "/api/v1/agent/")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and not rule.rule.startswith(hidden):
            path = rule.rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}")
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert method.lower() in document["paths"][path], f"{method} {path}"


def test_every_check_type_has_its_config_described(document):
    schemas = document["components"]["schemas"]
    for kind, check_type in CHECK_TYPES.items():
        config = schemas[f"{kind.title().replace('_', '')}Config"]
        assert set(config["properties"]) == set(check_type.config_schema().fields)
        assert config["description"] == check_type.description


def test_it_is_cached_by_its_tag(client):
    first = client.get("/api/v1/openapi.json")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_the_page_needs_nothing_from_elsewhere(client):
    page = client.get("/api/v1/docs")
    assert page.mimetype == "text/html"
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert all(address.startswith("/") for address in loaded), loaded
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    for address in set(loaded):
        assert client.get(address).status_code == 200, address


def test_the_page_has_every_operation_with_a_command_to_copy(client, document):
    page = client.get("/api/v1/docs").text
    operations = list(described(document))
    assert page.count('<details class="operation"') == len(operations)
    assert page.count('<pre tabindex="0" class="curl">') == len(operations)
    assert page.count("<h1>") == 1
    assert "Other" not in [title for title, _ in chapters_of(document, "")]
    assert len(set(re.findall(r'id="([^"]+)"', page))) == page.count(' id="')
    assert "^[" not in page, "a pattern is no prose"


@pytest.mark.parametrize("resource", ["services", "teams", "secrets", "alert-rules"])
def test_a_command_of_the_page_is_what_the_api_takes(document, alice, resource):
    wanted = ("POST", f"/api/v1/{resource}")
    (command,) = [
        each.curl
        for _, groups in chapters_of(document, "https://example.com")
        for group in groups
        for each in group.operations
        if (each.method, each.path) == wanted
    ]
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:4] == ["curl", "-X", "POST", f"https://example.com{wanted[1]}"]
    body = json.loads(words[-1])
    for name in list(body):
        if name.endswith(("_id", "_ids")) or name == "depends_on":
            body.pop(name)  # an id of somebody else's
    answer = alice.post(f"/{resource}", body)
    assert answer.status_code == 201, answer.json


def test_examples_are_of_their_schema(document):
    assert json.loads(json.dumps(document)) == document
    created = document["paths"]["/api/v1/services"]["post"]
    example = created["requestBody"]["content"]["application/json"]["example"]
    assert example["check_type"] == "HTTP"


def _refuse(_):
    raise ValueError("not today")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
def test_a_fork_makes_the_document_or_else_whoever_asks_for_it():
    here = str(os.getpid()).encode()
    api = SimpleNamespace(make=lambda _: str(os.getpid()).encode())
    made = SharedDocument(api, None)
    made.begin()
    made.take()
    assert made.body().isdigit()
    assert made.body() != here

    failing = SimpleNamespace(make=_refuse)
    failed = SharedDocument(failing, None)
    failed.begin()
    failed.take()
    failing.make = api.make
    assert failed.body() == here


def test_a_document_that_is_made_again_is_the_same(document, app):
    api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    assert json.loads(api.make(app)) == document
