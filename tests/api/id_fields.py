"""Fields of bodies that hold ids, read off the schemas of the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

from app.schemas.base import UUID_PATTERN
from tests.api.isolation_world import UUID_TEXT

KEY = "<key>"  # in a path: an id as the name of a property
_DEEPEST = 6
_BY_TYPE: dict[str, Any] = {"array": [], "boolean": True, "string": "abc", "object": {}}
Path = tuple[str | int, ...]


class Bodies:
    """The bodies that a schema of a document allows, as far as ids are concerned."""

    def __init__(self, document: dict[str, Any], schema: dict[str, Any]) -> None:
        self._document, self._schema = document, schema

    def paths(self) -> list[Path]:
        """Return where a body may hold ids, example or not; 0 stands for an item of a list."""
        return sorted(set(self._paths(self._schema, ())), key=str)

    def with_id(self, body: Any, path: Path, id: str) -> Any:
        """Return a body with an id at a path, and with what that needs around it."""
        return self._put(self._schema, body, path, id)

    def _paths(self, schema: dict[str, Any], at: Path) -> Iterator[Path]:
        if len(at) > _DEEPEST:
            return
        for one in self._variants(schema):
            if one.get("format") == "uuid":
                yield at
            for name, inner in one.get("properties", {}).items():
                yield from self._paths(inner, (*at, name))
            if "items" in one:
                yield from self._paths(one["items"], (*at, 0))
            if UUID_PATTERN in one.get("propertyNames", {}).get("pattern", ""):
                yield (*at, KEY)

    def _variants(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = {**found, **{name: v for name, v in schema.items() if name != "$ref"}}
        yield schema
        for name in ("anyOf", "oneOf", "allOf"):
            for one in schema.get(name, ()):
                yield from self._variants(one)

    def _put(self, schema: dict[str, Any], body: Any, path: Path, id: str) -> Any:
        if not path:
            return id
        name, rest = path[0], path[1:]
        for one in self._variants(schema):
            if name == KEY and "propertyNames" in one:
                return {id: self._example(one.get("additionalProperties") or {})}
            if name == 0 and "items" in one:
                first = body[0] if isinstance(body, list) and body else self._example(one["items"])
                return [self._put(one["items"], first, rest, id)]
            if name in one.get("properties", {}):
                around = body if isinstance(body, dict) else self._example(schema)
                inner = self._put(one["properties"][name], around.get(name), rest, id)
                return {**around, name: inner}
        raise KeyError(path)

    def _example(self, schema: dict[str, Any]) -> Any:
        variants = list(self._variants(schema))
        required = {
            name: self._example(one["properties"][name])
            for one in variants
            for name in one.get("required", ())
        }
        if required:
            return required
        for one in variants:
            if one.get("examples"):
                return one["examples"][0]
            for name in ("example", "default", "minimum"):
                if name in one:
                    return one[name]
            if "enum" in one:
                return one["enum"][0]
        types = [one["type"] for one in variants if isinstance(one.get("type"), str)]
        return _BY_TYPE.get(types[0] if types else "object", 1)


def without_ids(body: Any) -> Any:
    """Return a body without any id."""
    if isinstance(body, dict):
        return {name: without_ids(value) for name, value in body.items() if not _is_id(value)}
    if isinstance(body, list):
        return [without_ids(item) for item in body if not _is_id(item)]
    return body


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and UUID_TEXT.fullmatch(value) is not None
