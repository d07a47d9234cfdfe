"""Sections of a page: which services they hold, and how one that is summed up stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class Display(StrEnum):
    """How a section is shown."""

    LIST = "list"
    ROLLED = "rolled"


class Rule(StrEnum):
    """How many services of a section that is summed up must work."""

    ALL = "all"
    ANY = "any"
    PERCENTAGE = "percentage"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service of the organization that may be on a page."""

    id: UUID
    name: str
    tags: frozenset[str]


def members(section: dict[str, Any], services: Iterable[Candidate]) -> list[UUID]:
    """Return the ids of a section's services: those named in their order, then by tag by name."""
    known = {service.id: service for service in services}
    named = [id for text in section["service_ids"] if (id := UUID(str(text))) in known]
    wanted = frozenset(section["tags"])
    tagged = sorted(
        (service for service in known.values() if not wanted.isdisjoint(service.tags)),
        key=lambda service: (service.name.casefold(), service.id),
    )
    return list(dict.fromkeys([*named, *(service.id for service in tagged)]))
