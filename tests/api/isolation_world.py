"""What the isolation tests stand on: every route of the application, and an object behind each id.

An id in a path is found by creating the object: the example of the OpenAPI document is sent to the
collection that the path goes through. Where that is not possible, `BY_HAND` says how.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin

from app import access
from tests.factories import API, Person, make_service

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
    paths = json.loads(app.extensions["openapi"][0])["paths"]
    found = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        mark = access.access_of(app, rule.endpoint)
        assert mark, rule
        item = paths.get(FlaskPlugin.flaskpath2openapi(rule.rule), {})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append(Route(method, rule.rule, mark, item.get(method.lower(), {})))
    return found


def _alert(owner: Person, world: "World") -> str:
    service = make_service(owner)
    ((rule,),) = world.rows(
        "SELECT id FROM alert_rules WHERE organization_id = %s LIMIT 1", owner.organization_id
    )
    alert_id = uuid4()
    world.rows(
        "INSERT INTO alerts (id, organization_id, service_id, service_name, alert_rule_id,"
        " severity, title, message, status, fired_at, is_flapping)"
        " VALUES (%s, %s, %s, 'Shop', %s, 'critical', 'Down', '', 'firing', now(), false)",
        alert_id,
        owner.organization_id,
        service["id"],
        rule,
    )
    return str(alert_id)


def _invitation(owner: Person, _: "World") -> str:
    email = f"{uuid4().hex}@example.com"
    return str(owner.post("/members", {"email": email}).json["id"])


def _channel(owner: Person, _: "World") -> str:
    body = {"name": "Mail", "type": "email", "config": {"to": ["a@example.com"]}}
    answer = owner.post("/notification-channels", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def _override(owner: Person, world: "World") -> str:
    times = {"from": "2030-01-01T00:00:00Z", "to": "2030-01-02T00:00:00Z"}
    path = f"/on-call-schedules/{world.ids['schedule_id']}/overrides"
    answer = owner.post(path, times | {"user_id": str(owner.user_id)})
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def _schedule(owner: Person, _: "World") -> str:
    layer = {
        "users": [str(owner.user_id)],
        "rotation_type": "daily",
        "handoff_time": "09:00",
        "starts_at": "2026-01-01T09:00:00Z",
    }
    answer = owner.post("/on-call-schedules", {"name": "Nights", "layers": [layer]})
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def _policy(owner: Person, world: "World") -> str:
    line = {"level": 1, "delay_minutes": 0, "notify_type": "team"}
    rules = [line | {"notify_id": world.ids["team_id"]}]
    answer = owner.post("/escalation-policies", {"name": "Nights", "rules": rules})
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


BY_HAND: dict[str, Callable[[Person, "World"], str]] = {
    "organization_id": lambda owner, _: str(owner.organization_id),
    "user_id": lambda owner, _: str(owner.user_id),
    "service_id": lambda owner, _: str(make_service(owner)["id"]),
    "alert_id": _alert,
    "invitation_id": _invitation,
    "channel_id": _channel,
    "schedule_id": _schedule,
    "override_id": _override,
    "policy_id": _policy,
}
_FIRST = ("service_id", "user_id", "team_id", "schedule_id")  # others are made with these


@dataclass
class World:
    """An object of the owner's behind every id that a path may hold."""

    routes: list[Route]
    rows: Callable[..., list[tuple[Any, ...]]]
    ids: dict[str, str] = field(default_factory=dict)

    def fill(self, owner: Person) -> list[str]:
        """Make the objects; return the routes for which that was not possible."""
        missing = []
        wanted = {name: route for route in reversed(self.routes) for name in route.ids}
        for name in sorted(wanted, key=lambda name: (name not in _FIRST, name)):
            found = self._make(owner, name, wanted[name])
            if found is None:
                missing.append(f"{wanted[name]}: say in BY_HAND how to make a {name}")
            else:
                self.ids[name] = found
        return missing

    def _make(self, owner: Person, name: str, route: Route) -> str | None:
        if name in BY_HAND:
            return BY_HAND[name](owner, self)
        collection = route.rule.partition(f"/<uuid:{name}>")[0]
        create = next((r for r in self.routes if (r.method, r.rule) == ("POST", collection)), None)
        if create is None:
            return None
        body = _owned(create.example, self.ids)
        answer = owner.post(create.path(self.ids).removeprefix(API), body)
        return str(answer.json["id"]) if answer.status_code == 201 else None

    def of_others(self) -> dict[str, str]:
        """Return an id that nobody has for each name."""
        return {name: str(uuid4()) for name in self.ids}


def _owned(body: Any, ids: dict[str, str]) -> Any:
    """Return a body whose ids are those of the owner's objects, as far as their names say which."""
    if isinstance(body, dict):
        known = {k: ids[k] if _refers(v) and k in ids else v for k, v in body.items()}
        return {k: _owned(v, ids) for k, v in known.items() if not _refers(v) or k in ids}
    if isinstance(body, list):
        return [_owned(item, ids) for item in body]
    return body


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
