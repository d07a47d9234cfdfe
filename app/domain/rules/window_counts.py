"""Counts of a window that can be added and taken away, so that a long one need not be recounted.

Response times are counted in buckets that grow by 2 %, as in DDSketch (Masson, Rim and Lee, 2019):
a percentile of them is off by at most 1 %, whatever the window and however often it has moved.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil

from app.domain.rules.history import Window

GROWTH = 1.02
SHORTEST_MS = 0.01


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """Counts of a window: points that counted, those that were RED, and response times."""

    total: int = 0
    failed: int = 0
    buckets: Mapping[int, int] = field(default_factory=dict)  # floor(log GROWTH of milliseconds)

    def moved(self, entered: "WindowCounts", left: "WindowCounts") -> "WindowCounts":
        """Return the counts after some points have come in and others have become too old."""
        buckets = Counter(self.buckets)
        buckets.update(entered.buckets)
        buckets.subtract(left.buckets)
        return WindowCounts(
            self.total + entered.total - left.total,
            self.failed + entered.failed - left.failed,
            {bucket: count for bucket, count in buckets.items() if count > 0},
        )

    def window(self) -> Window:
        """Return the statistics; the percentile is the nearest rank, to within 1 %."""
        total = max(self.total, 0)
        return Window(total, min(max(self.failed, 0), total), self._p95())

    def _p95(self) -> float | None:
        missing = ceil(0.95 * sum(self.buckets.values()))
        for bucket in sorted(self.buckets):
            missing -= self.buckets[bucket]
            if missing <= 0:
                return round(float(GROWTH ** (bucket + 0.5)), 2)
        return None


def summed(rows: Iterable[tuple[int | None, int, int, int]]) -> WindowCounts:
    """Return the counts of rows: a bucket (None: no response time), points, failed ones, timed."""
    total = failed = 0
    buckets: Counter[int] = Counter()
    for bucket, points, red, timed in rows:
        total += points
        failed += red
        if bucket is not None and timed:
            buckets[bucket] += timed
    return WindowCounts(total, failed, buckets)
