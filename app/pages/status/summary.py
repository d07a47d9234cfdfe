"""A page as JSON, the whole of it; and what its short form (`statuspage.py`) has of it too."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import orjson

from app.domain.status_pages.types import ShownState
from app.pages.status import room
from app.pages.status.room import Room
from app.pages.status.view import View

_INCIDENT = (
    "title", "status", "severity", "started_at", "resolved_at", "next_update_at", "updated_at",
    "post_mortem_published_at",
)  # fmt: skip
_UPDATE = ("status", "body", "at", "edited_at")
_WINDOW = ("title", "state", "starts_at", "ends_at", "took_longer")


def whole(view: View) -> bytes:
    """Return everything that a page shows.

    Of incidents that have more to say than there is room for, the latest of it; pages of their own
    have all.
    """
    data = view.snapshot.data
    left = Room(room.FILE)
    return dump(
        {
            "page": page_of(view),
            "made_at": view.made_at,
            "is_stale": view.freshness.is_stale,
            "status": status_of(view),
            "sections": data["sections"],
            "services": {key: _service(view, service) for key, service in data["services"].items()},
            "incidents": [_incident(view, entry, left) for entry in view.snapshot.incidents()],
            "maintenance": [_window(view, entry, left) for entry in view.snapshot.maintenance()],
        }
    )


def page_of(view: View) -> dict[str, Any]:
    """Return the page itself."""
    page = view.page
    return {
        "id": page["slug"],
        "name": page["name"],
        "url": page["url"],
        "time_zone": page["timezone"],
        "updated_at": page["updated_at"],
    }


def status_of(view: View) -> dict[str, Any]:
    """Return what is said of the whole."""
    indicator = view.snapshot.data["verdict"]["indicator"]
    return {
        "indicator": "unknown" if view.freshness.is_stale else indicator,
        "description": view.headline,
        "state": view.state,
    }


def state_of(view: View, service: dict[str, Any]) -> ShownState:
    """Return the state of a service; nothing is claimed by an old page."""
    return ShownState.UNKNOWN if view.freshness.is_stale else ShownState(service["state"])


def _service(view: View, service: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": service["name"],
        "description": service["description"],
        "state": state_of(view, service),
        "last_known_state": service["state"],
        "cause": None if view.freshness.is_stale else service.get("cause"),
        "regions": None if view.freshness.is_stale else service.get("regions"),
        "since": service["since"],
        "stated_at": service["stated_at"],
        "uptime_percentage": service["uptime"],
        "known_since": service["known_since"],
        "days": {
            "first": service["first_day"],
            "states": service["states"],
            "down_seconds": service["down_seconds"],
        },
        "response": service["response"],
    }


def latest(updates: Sequence[dict[str, Any]], left: Room) -> list[dict[str, Any]]:
    """Return the latest updates of an incident for which there is room."""
    few = updates[: room.FILE_UPDATES]
    return list(takewhile(lambda update: left.take(update["body"]), few))


def _incident(view: View, entry: dict[str, Any], left: Room) -> dict[str, Any]:
    return {
        "id": entry["key"],
        **{name: entry[name] for name in _INCIDENT},
        "updates": [
            {name: update[name] for name in _UPDATE} for update in latest(entry["updates"], left)
        ],
        "post_mortem": entry["post_mortem"] if left.take(entry["post_mortem"]) else "",
        "services": [{"id": key, "name": n, "state": state} for key, n, state in view.names(entry)],
        "url": link(view, f"incidents/{entry['key']}"),
    }


def _window(view: View, entry: dict[str, Any], left: Room) -> dict[str, Any]:
    return {
        "id": entry["key"],
        **{name: entry[name] for name in _WINDOW},
        "description": entry["description"] if left.take(entry["description"]) else "",
        "services": [{"id": key, "name": name} for key, name, _ in view.names(entry)],
        "url": link(view, f"maintenance/{entry['key']}"),
    }


def link(view: View, rest: str) -> str:
    """Return the address of a part of the page."""
    return f"{str(view.page['url']).rstrip('/')}/{rest}"


def dump(value: Any) -> bytes:
    """Return JSON."""
    return orjson.dumps(value)
