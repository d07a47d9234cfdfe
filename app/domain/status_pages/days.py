"""Days as bars, and the figure that stands beside ninety of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.checks.badges import SPANS
from app.domain.metrics.totals import percentage

FULL_HEIGHT_SHARE = 0.05  # of a day: so much downtime is drawn at full height
_SLOW_SHARE = 0.05


class DayState(StrEnum):
    """Worst state of a day; one letter each, so that ninety days are ninety letters."""

    UP = "u"
    SLOW = "s"
    DOWN = "d"
    MAINTENANCE = "m"
    NOTHING = "n"  # nobody looked, or nothing was there yet


@dataclass(frozen=True, slots=True)
class Day:
    """A local day in milliseconds of a confirmed status; `slow` is a share of checks."""

    date: date
    up_ms: int = 0
    down_ms: int = 0
    maintenance_ms: int = 0
    slow: float = 0


@dataclass(frozen=True, slots=True)
class Bars:
    """Days in a row, the oldest first: a letter each, and the seconds of those with downtime."""

    first: date
    states: str
    down_seconds: dict[int, int]  # by the place of the day
    percentage: float | None
    percentages: dict[int, float | None]  # of the last so many days, as badges ask for them
    known_since: date | None  # the first day that says anything, where that is not the first

    @property
    def failures(self) -> int:
        """Return on how many days there was downtime."""
        return len(self.down_seconds)


def state_of(day: Day) -> DayState:
    """Return what a bar shows: any downtime marks the day, however short."""
    if day.down_ms > 0:
        return DayState.DOWN
    if day.maintenance_ms > 0:
        return DayState.MAINTENANCE
    if day.up_ms <= 0:
        return DayState.NOTHING
    return DayState.SLOW if day.slow >= _SLOW_SHARE else DayState.UP


def bars(days: Sequence[Day]) -> Bars:
    """Return the bars of days, the oldest first, and the uptime over all of them."""
    states = "".join(state_of(day) for day in days)
    down = {
        place: max(1, round(day.down_ms / 1000))
        for place, day in enumerate(days)
        if day.down_ms > 0
    }
    known = next((i for i, state in enumerate(states) if state != DayState.NOTHING), None)
    return Bars(
        first=days[0].date,
        states=states,
        down_seconds=down,
        percentage=_percentage(days),
        percentages={count: _percentage(days[-count:]) for count in SPANS if count <= len(days)},
        known_since=days[known].date if known else None,
    )


def _percentage(days: Sequence[Day]) -> float | None:
    return percentage(sum(day.up_ms for day in days), sum(day.down_ms for day in days))


def height(down_seconds: float) -> float:
    """Return how high the bar of a day with downtime is, above that of a good day: 0 to 1."""
    return min(1.0, down_seconds / (FULL_HEIGHT_SHARE * timedelta(days=1).total_seconds()))
