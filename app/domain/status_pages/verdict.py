"""The sentence on top of a page: the worst state decides, said in one of a few ways."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.status_pages.types import ShownState

MAX_NAMED = 3
_INDICATORS = {
    ShownState.UP: "none",
    ShownState.SLOW: "minor",
    ShownState.DOWN: "major",
    ShownState.MAINTENANCE: "maintenance",
    ShownState.UNKNOWN: "minor",
    ShownState.WAITING: "none",
    ShownState.PAUSED: "none",
}


class Saying(StrEnum):
    """Sentence of a verdict; the catalogues of languages hold them under `verdict_…`."""

    ALL_WORK = "all_work"
    ALL_DOWN = "all_down"
    NAMED_DOWN = "named_down"
    MANY_DOWN = "many_down"
    SLOW = "slow"
    MAINTENANCE = "maintenance"
    MAINTENANCE_UNTIL = "maintenance_until"
    CANNOT_TELL = "cannot_tell"
    CANNOT_TELL_ABOUT = "cannot_tell_about"
    STATED_UP = "stated_up"
    STATED_DOWN = "stated_down"
    WAITING = "waiting"
    PAUSED = "paused"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit that counts as one system: a service, or a section that is summed up."""

    name: str
    state: ShownState
    stated_at: datetime | None = None  # a person said so then
    maintenance_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageVerdict:
    """Verdict of a whole page: the state, the sentence and what is filled in."""

    state: ShownState
    saying: Saying
    names: tuple[str, ...] = ()
    count: int = 0
    total: int = 0
    until: datetime | None = None
    stated_at: datetime | None = None
    indicator: str = field(default="none")

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as a snapshot holds it."""
        return {
            "state": self.state,
            "saying": self.saying,
            "names": list(self.names),
            "count": self.count,
            "total": self.total,
            "until": self.until,
            "stated_at": self.stated_at,
            "indicator": self.indicator,
        }


def verdict(
    units: Sequence[Unit], stated: ShownState | None = None, stated_at: datetime | None = None
) -> PageVerdict:
    """Return the verdict over a page; `stated` is what a person said of the whole by hand."""
    if stated is not None:
        return _stated(stated, stated_at)
    for state in (ShownState.DOWN, ShownState.SLOW, ShownState.MAINTENANCE, ShownState.UNKNOWN):
        hit = [unit for unit in units if unit.state is state]
        if hit:
            return _of(state, hit, units)
    saying, state = Saying.EMPTY, ShownState.WAITING
    if any(unit.state is ShownState.UP for unit in units):
        saying, state = Saying.ALL_WORK, ShownState.UP
    elif any(unit.state is ShownState.WAITING for unit in units):
        saying = Saying.WAITING
    elif units:
        saying, state = Saying.PAUSED, ShownState.PAUSED
    times = [unit.stated_at for unit in units if unit.stated_at and unit.state is state]
    return PageVerdict(
        state, saying, total=len(units), indicator=_INDICATORS[state],
        stated_at=max(times, default=None),
    )  # fmt: skip


def _of(state: ShownState, hit: Sequence[Unit], units: Sequence[Unit]) -> PageVerdict:
    until = None
    if state is ShownState.DOWN:
        saying = Saying.NAMED_DOWN if len(hit) <= MAX_NAMED else Saying.MANY_DOWN
        if len(hit) == len(units) > 1:
            saying = Saying.ALL_DOWN
    elif state is ShownState.SLOW:
        saying = Saying.SLOW
    elif state is ShownState.MAINTENANCE:
        until = max(
            (unit.maintenance_until for unit in hit if unit.maintenance_until), default=None
        )
        saying = Saying.MAINTENANCE if until is None else Saying.MAINTENANCE_UNTIL
    else:
        few = len(hit) <= MAX_NAMED and len(hit) < len(units)
        saying = Saying.CANNOT_TELL_ABOUT if few else Saying.CANNOT_TELL
    indicator = _INDICATORS[state]
    if state is ShownState.DOWN and len(hit) * 2 > len(units):
        indicator = "critical"
    return PageVerdict(
        state=state,
        saying=saying,
        names=tuple(unit.name for unit in hit) if len(hit) <= MAX_NAMED else (),
        count=len(hit),
        total=len(units),
        until=until,
        stated_at=max((unit.stated_at for unit in hit if unit.stated_at), default=None),
        indicator=indicator,
    )


def _stated(stated: ShownState, at: datetime | None) -> PageVerdict:
    saying = {
        ShownState.UP: Saying.STATED_UP,
        ShownState.SLOW: Saying.SLOW,
        ShownState.DOWN: Saying.STATED_DOWN,
        ShownState.MAINTENANCE: Saying.MAINTENANCE,
    }[stated]
    return PageVerdict(stated, saying, stated_at=at, indicator=_INDICATORS[stated])
