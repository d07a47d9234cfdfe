"""Sections of a page: which services they hold, and how one that is summed up stands."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.domain.status_pages.types import ShownState

MOST_SERVICES = 2000  # on a page, and named in a section

# From worst to best: what says something about a thing comes before what says nothing.
_WORST_FIRST = (
    ShownState.DOWN,
    ShownState.SLOW,
    ShownState.MAINTENANCE,
    ShownState.UNKNOWN,
    ShownState.UP,
    ShownState.WAITING,
    ShownState.PAUSED,
)


class Display(StrEnum):
    """Display of a section."""

    LIST = "list"
    ROLLED = "rolled"


class SectionRule(StrEnum):
    """Rule of a section that is summed up: how many of its services must work."""

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


def all_members(sections: Iterable[dict[str, Any]], services: Sequence[Candidate]) -> list[UUID]:
    """Return the ids of all services that sections hold, each once, in their order."""
    return list(dict.fromkeys(id for section in sections for id in members(section, services)))


def worst(states: Collection[ShownState]) -> ShownState:
    """Return the worst of states; WAITING where there are none."""
    return next((state for state in _WORST_FIRST if state in states), ShownState.WAITING)


def rolled(
    states: Sequence[ShownState], rule: SectionRule, required_percentage: int = 100
) -> ShownState:
    """Return how a section stands as one: whether enough of its services work.

    What is paused or was never checked counts for nothing. What is unknown or in maintenance
    decides only where the rest does not.
    """
    counted = [s for s in states if s not in (ShownState.PAUSED, ShownState.WAITING)]
    if rule is SectionRule.ALL or not counted:
        return worst(states)
    needed = 1 if rule is SectionRule.ANY else -(-len(counted) * required_percentage // 100)
    working = sum(state in (ShownState.UP, ShownState.SLOW) for state in counted)
    if working >= needed:
        fast = counted.count(ShownState.UP)
        return ShownState.UP if fast >= needed else ShownState.SLOW
    open_states = (ShownState.MAINTENANCE, ShownState.UNKNOWN)
    if working + sum(state in open_states for state in counted) >= needed:
        return worst([state for state in counted if state in open_states])
    return ShownState.DOWN
