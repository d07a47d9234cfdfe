"""Badges by their public keys; the part of a key before the first hyphen says what it is of."""

from collections.abc import Callable

from app.domain.checks.badges import Badge
from app.operations.heartbeats import badges as heartbeat_badges
from app.operations.services import service_badges
from app.platform.errors import NotFound

# What has badges: a prefix of its own for its keys, and a function (key, what) -> Badge that
# raises NotFound. Those of status pages come from their snapshots.
_SOURCES: dict[str, Callable[[str, str], Badge]] = {
    "hb": heartbeat_badges.badge,
    "sv": service_badges.badge,
}


def badge(key: str, what: str) -> Badge:
    """Return a badge. Raises NotFound for an unknown key."""
    source = _SOURCES.get(key.partition("-")[0])
    if source is None:
        raise NotFound
    return source(key, what)
