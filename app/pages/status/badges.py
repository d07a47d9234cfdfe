"""Badges of a page and of its services, from its snapshot."""

from app.domain.checks import badges
from app.domain.checks.badges import Badge, Tone
from app.domain.status_pages.types import ShownState
from app.pages.status.snapshot import Freshness, Snapshot
from app.pages.status.view import View

_TONES = {
    ShownState.UP: Tone.GOOD,
    ShownState.SLOW: Tone.FAIR,
    ShownState.DOWN: Tone.BAD,
}


def badge(
    snapshot: Snapshot, service_key: str | None, what: str, freshness: Freshness
) -> Badge | None:
    """Return a badge; None for a figure that there is not."""
    view = View(snapshot, freshness, "")
    if service_key is None:
        if what != "status":
            return None
        tone = _TONES.get(ShownState(view.state), Tone.NONE)
        return Badge(str(view.page["name"]), view.headline, tone)
    service = snapshot.data["services"][service_key]
    if what == "status":
        state = view.shown_state(service["state"])
        return Badge(service["name"], view.word(state), _TONES.get(ShownState(state), Tone.NONE))
    if what == "uptime":
        return badges.of_uptime(service["name"], service["uptime"])
    response = service["response"] or {}
    return badges.of_duration(service["name"], response.get("now_ms"))
