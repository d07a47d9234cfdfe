"""A page as JSON: the whole of it, and the short form that tools for Statuspage read.

The short form has the fields of https://www.atlassian.com/software/statuspage `summary.json`.
"""

from typing import Any

import orjson

from app.domain.status_pages.maintenance import MaintenanceState
from app.domain.status_pages.types import ShownState
from app.pages.status.view import View

_COMPONENT = {
    ShownState.UP: "operational",
    ShownState.SLOW: "degraded_performance",
    ShownState.DOWN: "major_outage",
    ShownState.MAINTENANCE: "under_maintenance",
    ShownState.UNKNOWN: "unknown",
    ShownState.WAITING: "unknown",
    ShownState.PAUSED: "unknown",
}
_MAINTENANCE = {
    MaintenanceState.COMING: "scheduled",
    MaintenanceState.RUNNING: "in_progress",
    MaintenanceState.DONE: "completed",
}
_IMPACT = {"minor": "minor", "major": "major", "critical": "critical"}
_INCIDENT = (
    "title", "status", "severity", "started_at", "resolved_at", "next_update_at", "updated_at",
    "updates", "post_mortem", "post_mortem_published_at",
)  # fmt: skip
_MOST = 50
_WINDOW = ("title", "description", "state", "starts_at", "ends_at", "took_longer")


def whole(view: View) -> bytes:
    """Return everything that a page shows."""
    data = view.snapshot.data
    return _dump(
        {
            "page": _page(view),
            "made_at": view.made_at,
            "is_stale": view.freshness.is_stale,
            "status": _status(view),
            "sections": data["sections"],
            "services": {key: _service(view, service) for key, service in data["services"].items()},
            "incidents": [_incident(view, entry) for entry in view.snapshot.incidents()],
            "maintenance": [_window(view, entry) for entry in view.snapshot.maintenance()],
        }
    )


def summary(view: View) -> bytes:
    """Return the short form; it says nothing of when it was made, so that it rarely changes."""
    data = view.snapshot.data
    return _dump(
        {
            "page": _page(view),
            "status": _status(view),
            "components": [
                _component(view, place, key, service)
                for place, (key, service) in enumerate(data["services"].items(), 1)
            ],
            "incidents": [_short_incident(view, entry) for entry in data["incidents"]],
            "scheduled_maintenances": [_short_window(view, one) for one in data["maintenance"]],
        }
    )


def status(view: View) -> bytes:
    """Return of the short form what is said of the whole."""
    return _dump({"page": _page(view), "status": _status(view)})


def incidents(view: View) -> bytes:
    """Return the latest fifty incidents in the short form, also those that are over."""
    latest = view.snapshot.incidents()[:_MOST]
    return _dump(
        {"page": _page(view), "incidents": [_short_incident(view, entry) for entry in latest]}
    )


def _component(view: View, place: int, key: str, service: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": key,
        "page_id": view.snapshot.slug,
        "name": service["name"],
        "description": service["description"] or None,
        "status": _COMPONENT[_state(view, service)],
        "updated_at": service["since"],
        "position": place,
        "group": False,
        "group_id": None,
        "showcase": True,
        "only_show_if_degraded": False,
        "uptime_percentage": service["uptime"],
    }


def _short_incident(view: View, entry: dict[str, Any]) -> dict[str, Any]:
    oldest_first = list(reversed(entry["updates"]))
    monitoring = (one["at"] for one in oldest_first if one["status"] == "monitoring")
    return {
        "id": entry["key"],
        "page_id": view.snapshot.slug,
        "name": entry["title"],
        "status": entry["status"],
        "impact": _IMPACT[entry["severity"]],
        "created_at": entry["started_at"],
        "started_at": entry["started_at"],
        "updated_at": entry["updated_at"],
        "monitoring_at": next(monitoring, None),
        "resolved_at": entry["resolved_at"],
        "shortlink": _link(view, f"incidents/{entry['key']}"),
        "incident_updates": [
            {
                "id": f"{entry['key']}_{place}",
                "incident_id": entry["key"],
                "status": update["status"],
                "body": update["body"],
                "created_at": update["at"],
                "display_at": update["at"],
                "updated_at": update["edited_at"] or update["at"],
            }
            for place, update in enumerate(oldest_first)
        ][::-1],
        "components": [{"id": key, "name": name} for key, name, _ in view.names(entry)],
    }


def _short_window(view: View, entry: dict[str, Any]) -> dict[str, Any]:
    state = _MAINTENANCE[entry["state"]]
    said = {
        "id": f"{entry['key']}_0",
        "incident_id": entry["key"],
        "status": state,
        "body": entry["description"],
        "created_at": entry["updated_at"],
        "display_at": entry["updated_at"],
        "updated_at": entry["updated_at"],
    }
    return {
        "id": entry["key"],
        "page_id": view.snapshot.slug,
        "name": entry["title"],
        "status": state,
        "impact": "maintenance",
        "scheduled_for": entry["starts_at"],
        "scheduled_until": entry["ends_at"],
        "started_at": None if entry["state"] == MaintenanceState.COMING else entry["starts_at"],
        "updated_at": entry["updated_at"],
        "resolved_at": entry["ends_at"] if entry["state"] == MaintenanceState.DONE else None,
        "shortlink": _link(view, f"maintenance/{entry['key']}"),
        "incident_updates": [said] if entry["description"] else [],
        "components": [{"id": key, "name": name} for key, name, _ in view.names(entry)],
    }


def _page(view: View) -> dict[str, Any]:
    page = view.page
    return {
        "id": page["slug"],
        "name": page["name"],
        "url": page["url"],
        "time_zone": page["timezone"],
        "updated_at": page["updated_at"],
    }


def _status(view: View) -> dict[str, Any]:
    indicator = view.snapshot.data["verdict"]["indicator"]
    return {
        "indicator": "unknown" if view.freshness.is_stale else indicator,
        "description": view.headline,
        "state": view.state,
    }


def _state(view: View, service: dict[str, Any]) -> ShownState:
    return ShownState.UNKNOWN if view.freshness.is_stale else ShownState(service["state"])


def _service(view: View, service: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": service["name"],
        "description": service["description"],
        "state": _state(view, service),
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


def _incident(view: View, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": entry["key"],
        **{name: entry[name] for name in _INCIDENT},
        "services": [{"id": key, "name": n, "state": state} for key, n, state in view.names(entry)],
        "url": _link(view, f"incidents/{entry['key']}"),
    }


def _window(view: View, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": entry["key"],
        **{name: entry[name] for name in _WINDOW},
        "services": [{"id": key, "name": name} for key, name, _ in view.names(entry)],
        "url": _link(view, f"maintenance/{entry['key']}"),
    }


def _link(view: View, rest: str) -> str:
    return f"{str(view.page['url']).rstrip('/')}/{rest}"


def _dump(value: Any) -> bytes:
    return orjson.dumps(value)
