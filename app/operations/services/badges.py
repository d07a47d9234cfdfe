"""Badges by their public keys; the part of a key before the first hyphen says what it is of."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.domain.checks.badges import Badge
from app.models.heartbeats import Heartbeat
from app.models.services import Service
from app.operations.heartbeats import badges as heartbeat_badges
from app.operations.services import service_badges
from app.platform.errors import NotFound
from app.platform.transaction import transaction


@dataclass(frozen=True, slots=True)
class _Source:
    """Source of badges; the function (key, what) raises NotFound for an unknown key."""

    model: type[Heartbeat | Service]
    badge: Callable[[str, str, int], Badge]


# By the prefix of its own that the keys have. Those of status pages come from their snapshots.
_SOURCES = {
    "hb": _Source(Heartbeat, heartbeat_badges.badge),
    "sv": _Source(Service, service_badges.badge),
}


def badge(key: str, what: str, days: int) -> Badge:
    """Return a badge, its uptime of so many days. Raises NotFound for an unknown key."""
    return _source(key).badge(key, what, days)


def organization_of(key: str) -> UUID:
    """Return whose badge it is. Raises NotFound for an unknown key."""
    model = _source(key).model
    with transaction() as tx:
        result = tx.session.scalar(select(model.organization_id).where(model.badge_key == key))
        if result is None:
            raise NotFound
    return result


def _source(key: str) -> _Source:
    result = _SOURCES.get(key.partition("-")[0])
    if result is None:
        raise NotFound
    return result
