"""A page in the form that tools for Statuspage read: version 2 of its public API.

The files and fields of the documentation that every page of https://www.atlassian.com/software/
statuspage has under `/api`. What we cannot tell is `unknown`, a word that it does not have.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from app.domain.status_pages.maintenance import MaintenanceState
from app.domain.status_pages.types import ShownState
from app.pages.status import room
from app.pages.status.room import Room
from app.pages.status.summary import dump, latest, link, page_of, state_of, status_of
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
_OF_EVERY_UPDATE = {
    "affected_components": None, "deliver_notifications": True, "custom_tweet": None,
    "tweet_id": None,
}  # fmt: skip


def summary(view: View) -> bytes:
    """Return the short form; it says nothing of when it was made, so that it rarely changes."""
    data = view.snapshot.data
    return _file(
        view,
        status=status_of(view),
        components=list(_components(view).values()),
        incidents=_incidents(view, data["incidents"]),
        scheduled_maintenances=_windows(view, data["maintenance"]),
    )


FILES: Mapping[str, Callable[[View], bytes]] = {
    "summary.json": summary,
    "status.json": lambda view: _file(view, status=status_of(view)),
    "components.json": lambda view: _file(view, components=list(_components(view).values())),
    # The latest fifty, also those that are over.
    "incidents.json": lambda view: _file(
        view, incidents=_incidents(view, view.snapshot.incidents())
    ),
    "incidents/unresolved.json": lambda view: _file(
        view, incidents=_incidents(view, view.snapshot.data["incidents"])
    ),
    "scheduled-maintenances.json": lambda view: _file(
        view, scheduled_maintenances=_windows(view, view.snapshot.maintenance())
    ),
    "scheduled-maintenances/upcoming.json": lambda view: _windows_that_are(
        view, MaintenanceState.COMING
    ),
    "scheduled-maintenances/active.json": lambda view: _windows_that_are(
        view, MaintenanceState.RUNNING
    ),
}


def _file(view: View, **parts: Any) -> bytes:
    return dump({"page": page_of(view), **parts})


def _windows_that_are(view: View, state: MaintenanceState) -> bytes:
    found = [one for one in view.snapshot.data["maintenance"] if one["state"] == state]
    return _file(view, scheduled_maintenances=_windows(view, found))


def _components(view: View) -> dict[str, dict[str, Any]]:
    return {
        key: _component(view, place, key, service)
        for place, (key, service) in enumerate(view.snapshot.data["services"].items(), 1)
    }


def _hit(view: View, entry: dict[str, Any]) -> list[dict[str, Any]]:
    components = _components(view)
    return [components[key] for key, *_ in view.names(entry)]


def _incidents(view: View, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    left = Room(room.FILE)
    return [_incident(view, entry, left) for entry in islice(entries, room.ENTRIES)]


def _windows(view: View, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_window(view, entry) for entry in islice(entries, room.ENTRIES)]


def _component(view: View, place: int, key: str, service: dict[str, Any]) -> dict[str, Any]:
    changed = service["since"] or view.page["updated_at"]
    return {
        "id": key,
        "page_id": view.snapshot.slug,
        "name": service["name"],
        "description": service["description"] or None,
        "status": _COMPONENT[state_of(view, service)],
        "created_at": changed,
        "updated_at": changed,
        "start_date": service["known_since"],
        "position": place,
        "group": False,
        "group_id": None,
        "showcase": True,
        "only_show_if_degraded": False,
        "uptime_percentage": service["uptime"],
    }


def _incident(view: View, entry: dict[str, Any], left: Room) -> dict[str, Any]:
    count = len(entry["updates"])
    monitoring = (one["at"] for one in reversed(entry["updates"]) if one["status"] == "monitoring")
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
        "shortlink": link(view, f"incidents/{entry['key']}"),
        "incident_updates": [
            {
                # Of its own: it stays when others are deleted or said to have come before.
                "id": update.get("key") or f"{entry['key']}_{count - 1 - place}",
                "incident_id": entry["key"],
                "status": update["status"],
                "body": update["body"],
                "created_at": update["at"],
                "display_at": update["at"],
                "updated_at": update["edited_at"] or update["at"],
                **_OF_EVERY_UPDATE,
            }
            for place, update in enumerate(latest(entry["updates"], left))
        ],
        "components": _hit(view, entry),
    }


def _window(view: View, entry: dict[str, Any]) -> dict[str, Any]:
    state = _MAINTENANCE[entry["state"]]
    said = {
        "id": f"{entry['key']}_0",
        "incident_id": entry["key"],
        "status": state,
        "body": entry["description"],
        "created_at": entry["updated_at"],
        "display_at": entry["updated_at"],
        "updated_at": entry["updated_at"],
        **_OF_EVERY_UPDATE,
    }
    return {
        "id": entry["key"],
        "page_id": view.snapshot.slug,
        "name": entry["title"],
        "status": state,
        "impact": "maintenance",
        "created_at": entry["updated_at"],
        "monitoring_at": None,
        "scheduled_for": entry["starts_at"],
        "scheduled_until": entry["ends_at"],
        "started_at": None if entry["state"] == MaintenanceState.COMING else entry["starts_at"],
        "updated_at": entry["updated_at"],
        "resolved_at": entry["ends_at"] if entry["state"] == MaintenanceState.DONE else None,
        "shortlink": link(view, f"maintenance/{entry['key']}"),
        "incident_updates": [said] if entry["description"] else [],
        "components": _hit(view, entry),
    }
