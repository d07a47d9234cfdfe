"""Lateness of checks as a Prometheus histogram: how long after its due time a check was done."""

from bisect import bisect_left
from collections.abc import Mapping

# Upper bounds in seconds; the aim is 99 of 100 checks within one second.
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
SUM = "sum"
_BEYOND = "+Inf"


def bucket_of(seconds: float) -> str:
    """Return the name of the bucket of a lateness: its upper bound, which belongs to it."""
    place = bisect_left(BOUNDS, seconds)
    return str(BOUNDS[place]) if place < len(BOUNDS) else _BEYOND


def cumulative(counts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return upper bounds, each with how many checks were at most so late, `+Inf` last.

    Source: https://prometheus.io/docs/concepts/metric_types/#histogram
    """
    total = 0.0
    found = []
    for name in (*map(str, BOUNDS), _BEYOND):
        total += counts.get(name, 0.0)
        found.append((name, total))
    return found
