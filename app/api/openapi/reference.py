"""The OpenAPI document as people read it: groups in the order of use, operations, commands."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]

# Chapters, and in each the tags of the document with the names they have on the page.
CHAPTERS: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "Sign in",
        {
            "Auth": "Accounts and tokens",
            "Session": "Sessions of browsers",
            "Two factor": "Second factor",
            "Password reset": "Forgotten passwords",
            "Profile": "Your profile",
            "Api keys": "API keys",
        },
    ),
    (
        "Watch",
        {
            "Services": "Services",
            "Service lists": "Lists of services",
            "Checks": "Checks and outages",
            "Evidence": "Evidence of failures",
            "Service metrics": "Figures of a service",
            "Corrections": "Corrections of history",
            "Bulk": "Many at once",
            "Heartbeats": "Heartbeats",
            "Heartbeat ping": "Pings of jobs",
            "Ssl certificates": "Certificates",
            "Locations": "Locations",
            "Agent": "Workers of locations",
        },
    ),
    (
        "Alert",
        {
            "Alert rules": "Alert rules",
            "Alerts": "Alerts",
            "Notification channels": "Notification channels",
            "Notifications": "Messages and deliveries",
            "Escalation policies": "Escalation policies",
            "On call": "Who is on call",
            "On call schedules": "On-call schedules",
            "Maintenance windows": "Maintenance windows",
            "Coverage": "Coverage",
            "Previews": "Previews of schedules",
            "Practice": "A practice outage",
        },
    ),
    (
        "Tell the public",
        {
            "Status pages": "Status pages",
            "Status page access": "Private status pages",
            "Status page incidents": "Incidents",
            "Status page subscribers": "Subscribers",
            "Status page subscriptions": "Subscribing",
            "Badges": "Badges",
            "Domains": "Domains of status pages",
        },
    ),
    (
        "Figures and the live feed",
        {"Metrics": "Metrics", "Reports": "Reports", "Ws tickets": "The live feed"},
    ),
    (
        "Organization",
        {
            "Organization": "The organization",
            "Members": "Members",
            "Invitations": "Invitations",
            "Teams": "Teams",
            "Secrets": "Secrets",
            "Saved views": "Saved views",
            "Audit logs": "Audit log",
            "Config": "Configuration as a file",
        },
    ),
    ("Server", {"Instance": "For operators", "Health": "Health", "Docs": "This description"}),
)
_METHODS = ("get", "post", "put", "patch", "delete")
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body, or a parameter: `type` and `notes` are words."""

    name: str
    type: str
    is_required: bool
    notes: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path, as it is shown; `curl` is a command to copy."""

    id: str
    method: str
    path: str
    title: str
    description: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    body_notes: str
    answers: tuple[tuple[str, str], ...]
    example: str
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """Operations of one tag."""

    id: str
    name: str
    description: str
    operations: tuple[Operation, ...]


def chapters_of(document: Node, base_url: str) -> list[tuple[str, list[Group]]]:
    """Return the chapters with their groups; tags that no chapter names come last, as "Other"."""
    by_tag: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = item[method]["tags"][0]
                made = _operation(document, path, method, item, base_url)
                by_tag.setdefault(tag, []).append(made)
    described = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    named = {tag for _, tags in CHAPTERS for tag in tags}
    rest = {tag: tag for tag in by_tag if tag not in named}
    result = []
    for title, tags in (*CHAPTERS, ("Other", rest)):
        groups = [
            Group(_slug(tag), name, described.get(tag, ""), tuple(by_tag[tag]))
            for tag, name in tags.items()
            if tag in by_tag
        ]
        if groups:
            result.append((title, groups))
    return result


def _operation(document: Node, path: str, method: str, item: Node, base_url: str) -> Operation:
    data = item[method]
    parameters = [_resolved(document, each) for each in item.get("parameters", [])]
    parameters += [_resolved(document, each) for each in data.get("parameters", [])]
    media = _media(data.get("requestBody", {}))
    schema = _resolved(document, media.get("schema", {}))
    variants = schema.get("oneOf", [])
    shown = _resolved(document, variants[0]) if variants else schema
    answers = tuple(
        (status, str(_resolved(document, answer).get("description", "")))
        for status, answer in data["responses"].items()
    )
    good: Node = next((each for status, each in data["responses"].items() if status < "3"), {})
    example = _media(_resolved(document, good)).get("example")
    body = media.get("example")
    return Operation(
        id=_slug(f"{method} {path}"),
        method=method.upper(),
        path=path,
        title=data.get("summary", path),
        description=data.get("description", ""),
        parameters=tuple(_parameter(document, each) for each in parameters),
        body=tuple(_fields(document, shown)),
        body_notes=f"One of {len(variants)} kinds; these are the fields of the first."
        if variants
        else "",
        answers=answers,
        example="" if example is None else _pretty(example),
        curl=_curl(f"{base_url}{path}", method, data.get("security") != [], body),
    )


def _media(node: Node) -> Node:
    content: Node = node.get("content", {})
    result: Node = content.get("application/json") or next(iter(content.values()), {})
    return result


def _parameter(document: Node, node: Node) -> Field:
    schema = _resolved(document, node.get("schema", {}))
    notes = _notes(document, {**schema, "description": node.get("description", "")})
    return Field(node["name"], _type(document, schema), bool(node.get("required")), notes)


def _fields(document: Node, schema: Node) -> Iterator[Field]:
    if schema.get("type") == "array":
        schema = _resolved(document, schema.get("items", {}))
    required = schema.get("required", [])
    for name, node in schema.get("properties", {}).items():
        found = _resolved(document, node)
        notes = _notes(document, found)
        yield Field(name, _type(document, found), name in required, notes)


def _type(document: Node, schema: Node) -> str:
    kinds = schema.get("type")
    if isinstance(kinds, list):
        kinds = " or ".join(kinds)
    if kinds == "array":
        return f"list of {_type(document, _resolved(document, schema.get('items', {})))}"
    if not kinds and (options := schema.get("anyOf") or schema.get("oneOf")):
        names = dict.fromkeys(_type(document, _resolved(document, each)) for each in options)
        return " or ".join(names)
    formatted = {"uuid": "id", "date-time": "time", "idn-email": "e-mail address", "uri": "URL"}
    return formatted.get(schema.get("format", ""), kinds or "any value")


def _notes(document: Node, schema: Node) -> str:
    parts = [str(schema.get("description", ""))]
    values = schema.get("enum") or _resolved(document, schema.get("items", {})).get("enum")
    if values:
        parts.append(f"One of {', '.join(str(value) for value in values if value is not None)}.")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        parts.append(f"{low} to {high}.")
    if "default" in schema:
        parts.append(f"Default: {json.dumps(schema['default'])}.")
    return " ".join(part for part in parts if part)


def _resolved(document: Node, node: Node) -> Node:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _curl(address: str, method: str, needs_token: bool, body: Any) -> str:
    address = _PARAMETER.sub(lambda match: f"${match[1].upper()}", address)
    lines = [f'curl "{address}"' if method == "get" else f'curl -X {method.upper()} "{address}"']
    if needs_token:
        lines.append('  -H "Authorization: Bearer $TOKEN"')
    if body is not None:
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        if not isinstance(body, str):
            lines.append("  -H 'Content-Type: application/json'")
        lines.append("  -d '" + text.replace("'", "'\\''") + "'")
    return " \\\n".join(lines)


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
