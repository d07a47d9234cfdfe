"""Badges of a page and of its services, from its snapshot."""

from typing import Any

from app.domain.checks import badges
from app.domain.checks.badges import Badge, BadgeTone
from app.domain.status_pages.types import ShownState
from app.pages.status.snapshot import Freshness, Snapshot
from app.pages.status.view import View

_TONES = {
    ShownState.UP: BadgeTone.GOOD,
    ShownState.SLOW: BadgeTone.FAIR,
    ShownState.DOWN: BadgeTone.BAD,
}


def badge(
    snapshot: Snapshot,
    service_key: str | None,
    what: str,
    days: int | None,
    freshness: Freshness,
) -> Badge | None:
    """Return a badge; None for a figure that there is not.

    Of more days than the page shows nothing is known.
    """
    view = View(snapshot, freshness, "")
    if service_key is None:
        if what != "status":
            return None
        tone = _TONES.get(ShownState(view.state), BadgeTone.NONE)
        return Badge(str(view.page["name"]), view.headline, tone)
    service = snapshot.data["services"][service_key]
    if what == "status":
        state = view.shown_state(service["state"])
        return Badge(
            service["name"], view.word(state), _TONES.get(ShownState(state), BadgeTone.NONE)
        )
    if what == "uptime":
        return badges.of_uptime(service["name"], _uptime(service, days))
    response = service["response"] or {}
    return badges.of_duration(service["name"], response.get("now_ms"))


def _uptime(service: dict[str, Any], days: int | None) -> float | None:
    found = service["uptime"] if days is None else service.get("uptimes", {}).get(str(days))
    return None if found is None else float(found)
