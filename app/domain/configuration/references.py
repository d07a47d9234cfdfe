"""References in a configuration file: what is an id in the API is a key in the file.

A field keeps its name, only its values are translated, wherever it stands in an object.
"""

from collections.abc import Callable
from typing import Any

USERS, TEAMS = "users", "teams"  # by e-mail address and by name; they are not part of the file
_KINDS = {
    "service_id": "services",
    "service_ids": "services",
    "heartbeat_ids": "heartbeats",
    "depends_on": "services",
    "services": "services",  # of a status page: an object with a key for each service
    "escalation_policy_id": "escalation_policies",
    "notification_channel_ids": "notification_channels",
    "fallback_channel_id": "notification_channels",
    "status_page_ids": "status_pages",
    "users": USERS,
}
_NOTIFIED = {
    "user": USERS,
    "team": TEAMS,
    "channel": "notification_channels",
    "schedule": "on_call_schedules",
}

# Takes a kind and an id or a key, and returns the other one; None leaves the reference out.
Lookup = Callable[[str, str], str | None]


def translate(value: Any, lookup: Lookup) -> Any:
    """Return a value with every reference in it translated."""
    if isinstance(value, list):
        return [translate(item, lookup) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _field(name, item, value, lookup) for name, item in value.items()}


def _field(name: str, item: Any, around: dict[str, Any], lookup: Lookup) -> Any:
    kind = _NOTIFIED.get(str(around.get("notify_type"))) if name == "notify_id" else None
    kind = kind or _KINDS.get(name)
    if kind is None or item is None:
        return translate(item, lookup)
    if isinstance(item, str):
        return lookup(kind, item)
    if isinstance(item, list):
        found = [lookup(kind, each) if isinstance(each, str) else each for each in item]
        return [each for each in found if each is not None]
    if isinstance(item, dict):
        pairs = ((lookup(kind, key), translate(inner, lookup)) for key, inner in item.items())
        return {key: inner for key, inner in pairs if key is not None}
    return item


def referred(value: Any, kind: str) -> set[str]:
    """Return the ids or keys of a kind that a value refers to."""
    result: set[str] = set()

    def collect(of: str, key: str) -> str:
        if of == kind:
            result.add(key)
        return key

    translate(value, collect)
    return result
