"""What the isolation tests stand on: every route, and an object behind each id of a path."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin

from app.api.openapi.shared_document import document_of
from app.security import access
from tests.alerting import make_incident, make_override, make_subscriber
from tests.factories import Person
from tests.url_arguments import OWNED

UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PARAMETER = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """A path and a method, who may call it, and how the OpenAPI document describes it."""

    method: str
    rule: str
    mark: str
    described: dict[str, Any] = field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def ids(self) -> list[str]:
        """The names of the ids in the path."""
        return [name for kind, name in _PARAMETER.findall(self.rule) if kind == "uuid"]

    @property
    def example(self) -> Any:
        """The example of the body, None where there is no body."""
        media = self.described.get("requestBody", {}).get("content", {})
        return media.get("application/json", {}).get("example")

    def path(self, ids: dict[str, str]) -> str:
        """The path with its parameters filled in."""
        return _PARAMETER.sub(lambda found: ids.get(found[2], _filler(found[1])), self.rule)

    def id_queries(self) -> list[str]:
        """The names of the query parameters that are ids."""
        return [
            parameter["name"]
            for parameter in self.described.get("parameters", [])
            if parameter.get("in") == "query" and parameter["schema"].get("format") == "uuid"
        ]


def _filler(kind: str) -> str:
    return {"uuid": str(uuid4()), "int": "1"}.get(kind, "x")


def routes(app: Flask) -> list[Route]:
    """Return every route and method of the application."""
    paths = json.loads(document_of(app).body())["paths"]
    found = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        mark = access.access_of(app, rule.endpoint)
        assert mark, rule
        item = paths.get(FlaskPlugin.flaskpath2openapi(rule.rule), {})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append(Route(method, rule.rule, mark, item.get(method.lower(), {})))
    return found


@dataclass
class World:
    """An object of the owner's behind every id that a path may hold."""

    routes: list[Route]
    ids: dict[str, str] = field(default_factory=dict)

    def fill(self, owner: Person) -> list[str]:
        """Make the objects; return the routes for which nobody has said how."""
        wanted = {name: route for route in reversed(self.routes) for name in route.ids}
        for name, make in OWNED.items():  # in its order: some name what was made before them
            if name in wanted:
                self.ids[name] = str(make(owner))
        if "override_id" in wanted:  # of the very schedule that stands before it in the path
            override = make_override(owner, {"id": self.ids["schedule_id"]})
            self.ids["override_id"] = override["id"]
        if "incident_id" in wanted:  # of the very page that stands before it in the path
            incident = make_incident(owner, {"id": self.ids["page_id"]})
            self.ids["incident_id"] = incident["id"]
            self.ids["update_id"] = incident["updates"][0]["id"]
            page = {"id": self.ids["page_id"]}
            self.ids["subscriber_id"] = make_subscriber(owner, page)["id"]
        return [
            f"{route}: say in tests.url_arguments how to make a {name}"
            for name, route in wanted.items()
            if name not in OWNED
        ]

    def of_others(self) -> dict[str, str]:
        """Return an id that nobody has for each name."""
        return {name: str(uuid4()) for name in self.ids}


def _without_ids(body: Any) -> Any:
    """Return a body without what refers to other objects."""
    if isinstance(body, dict):
        return {k: _without_ids(v) for k, v in body.items() if not _refers(v)}
    if isinstance(body, list):
        return [_without_ids(item) for item in body]
    return body


def _refers(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, str) and UUID_TEXT.fullmatch(first) is not None


def slots(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every id in a body."""
    items = body.items() if isinstance(body, dict) else enumerate(body)
    for name, value in items:
        if isinstance(value, dict | list):
            yield from slots(value, (*at, name))
        elif isinstance(value, str) and UUID_TEXT.fullmatch(value):
            yield (*at, name)


def with_id(body: Any, at: tuple[Any, ...], id: str, *, alone: bool) -> Any:
    """Return a body with an id in one place, and `alone` without those in other places."""
    found = json.loads(json.dumps(body))
    if alone:
        found = _only(found, at)
    inner = found
    for name in at[:-1]:
        inner = inner[name]
    inner[at[-1]] = id
    return found


def _only(body: Any, at: tuple[Any, ...]) -> Any:
    if isinstance(body, dict):
        return {
            name: _only(value, at[1:]) if at and name == at[0] else _without_ids(value)
            for name, value in body.items()
            if (at and name == at[0]) or not _refers(value)
        }
    if isinstance(body, list) and at:
        return [_only(value, at[1:]) if i == at[0] else value for i, value in enumerate(body)]
    return body


def plain(answer: Any, *ids: str) -> tuple[int, str, dict[str, str]]:
    """Return an answer as it can be compared: without what differs from call to call."""
    text = answer.text
    for id in ids:
        text = text.replace(id, "<id>").replace(str(UUID(id)), "<id>")
    changing = ("X-Request-Id", "Date", "Content-Length")
    headers = {n: v for n, v in answer.headers.items() if n not in changing}
    return answer.status_code, text, headers
