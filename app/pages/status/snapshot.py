"""A snapshot as pages are rendered from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson

from app.platform.crypto import digest

OLD_AFTER = timedelta(seconds=60)
STALE_AFTER = timedelta(minutes=2)


class Freshness(StrEnum):
    """Freshness of a snapshot."""

    FRESH = "fresh"
    OLD = "old"  # said with its time
    AWAY = "away"  # said with its time, and that the database is being repaired
    STALE = "stale"  # nothing is claimed any more
    STALE_AWAY = "stale_away"

    @property
    def is_stale(self) -> bool:
        """Say whether a state may only be called the last one known."""
        return self in (Freshness.STALE, Freshness.STALE_AWAY)

    @property
    def is_away(self) -> bool:
        """Say whether the database was away when it was last asked."""
        return self in (Freshness.AWAY, Freshness.STALE_AWAY)


def freshness(made_at: datetime, now: datetime, *, is_database_away: bool) -> Freshness:
    """Return how much a snapshot of that age may claim."""
    if now - made_at >= STALE_AFTER:
        return Freshness.STALE_AWAY if is_database_away else Freshness.STALE
    if is_database_away:
        return Freshness.AWAY
    return Freshness.OLD if now - made_at >= OLD_AFTER else Freshness.FRESH


@dataclass(frozen=True)
class Snapshot:
    """Snapshot of a page at a moment. `page_id` names it for no visitor."""

    page_id: str
    document: bytes
    archive: bytes
    hash: str
    made_at: datetime
    old_slugs: tuple[str, ...] = ()

    @cached_property
    def data(self) -> dict[str, Any]:
        """The document, with what is over beside it."""
        found: dict[str, Any] = orjson.loads(self.document)
        over = orjson.loads(self.archive)
        shown = [*found.get("maintenance", []), *over.get("maintenance", [])]
        here = {entry["key"] for entry in shown}
        return found | {
            "left_out": found.get("left_out", 0),
            "cancelled": [one for one in over.get("cancelled", []) if one["key"] not in here],
            "past_incidents": over.get("incidents", []),
            "past_maintenance": over.get("maintenance", []),
            "responses": over.get("responses") or {},
        }

    @property
    def page(self) -> dict[str, Any]:
        """The fields of the page itself."""
        result: dict[str, Any] = self.data["page"]
        return result

    @property
    def database_id(self) -> UUID:
        """The id of the page, for operations."""
        return UUID(self.page_id)

    @property
    def slug(self) -> str:
        """The slug of the page."""
        return str(self.page["slug"])

    @property
    def is_open(self) -> bool:
        """Whether everybody may see it."""
        return bool(self.page["is_public"]) and not self.page["has_password"]

    @property
    def language(self) -> str:
        """The language of the page."""
        return str(self.page["language"])

    @cached_property
    def guard(self) -> str:
        """What a visitor's cookie is bound to: another password ends it."""
        return digest(f"{self.page_id}:{self.data['guard']['password_hash']}")[:32]

    def service(self, key: str) -> dict[str, Any] | None:
        """Return a service of the page with its key."""
        found = self.data["services"].get(key)
        return {"key": key, **found} if found else None

    def incidents(self) -> list[dict[str, Any]]:
        """Return all incidents, newest first."""
        both = [*self.data["incidents"], *self.data["past_incidents"]]
        return sorted(both, key=lambda incident: str(incident["started_at"]), reverse=True)

    def maintenance(self) -> list[dict[str, Any]]:
        """Return all maintenance that came or is to come, newest first."""
        both = [*self.data["maintenance"], *self.data["past_maintenance"]]
        return sorted(both, key=lambda entry: str(entry["starts_at"]), reverse=True)

    def told_maintenance(self) -> list[dict[str, Any]]:
        """Return all maintenance with a page of its own: also what was announced and cancelled."""
        return [*self.maintenance(), *self.data["cancelled"]]
