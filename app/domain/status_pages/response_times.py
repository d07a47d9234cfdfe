"""Response times of a service as a page shows them: three ranges, of intervals that are over."""

from datetime import datetime, timedelta
from enum import StrEnum


class Range(StrEnum):
    """Range of a chart."""

    DAY = "24h"
    WEEK = "7d"
    QUARTER = "90d"

    @property
    def step(self) -> timedelta:
        """How long an interval is."""
        return _STEPS[self]

    @property
    def intervals(self) -> int:
        """How many intervals there are."""
        return _INTERVALS[self]

    def begin(self, until: datetime) -> datetime:
        """Return when the first interval begins; days are those of UTC, as they are stored."""
        end = until
        if self is Range.QUARTER:
            end = until.replace(hour=0, minute=0, second=0, microsecond=0)
        return end - self.intervals * self.step


_STEPS = {
    Range.DAY: timedelta(hours=1), Range.WEEK: timedelta(hours=6), Range.QUARTER: timedelta(days=1),
}  # fmt: skip
_INTERVALS = {Range.DAY: 24, Range.WEEK: 28, Range.QUARTER: 90}


def ceiling(highest: float) -> float:
    """Return where the axis of a chart ends: 1, 2 or 5 times a power of ten, and not below."""
    size = 1.0
    while size * 10 <= highest:
        size *= 10
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= highest)
