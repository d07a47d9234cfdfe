"""Durations as a Prometheus histogram: how many of them were at most so long.

Source: https://prometheus.io/docs/concepts/metric_types/#histogram
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

# Upper bounds in seconds. Of lateness the aim is 99 of 100 checks within one second.
LATENESS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
BATCH = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SUM = "sum"
_BEYOND = "+Inf"


def bucket_of(seconds: float, bounds: Sequence[float]) -> str:
    """Return the name of the bucket of a duration: its upper bound, which belongs to it."""
    place = bisect_left(bounds, seconds)
    return str(bounds[place]) if place < len(bounds) else _BEYOND


def cumulative(counts: Mapping[str, float], bounds: Sequence[float]) -> list[tuple[str, float]]:
    """Return upper bounds, each with how many durations were at most so long, `+Inf` last."""
    total = 0.0
    result = []
    for name in (*map(str, bounds), _BEYOND):
        total += counts.get(name, 0.0)
        result.append((name, total))
    return result
