"""Cells of a stretch: counts of results by twelfths of it and by response time."""

import struct
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from app.domain.metrics import histogram
from app.domain.metrics.histogram import SHIFT

SLOTS = 12  # five-minute cells of an hour
_CELL, _OTHER_CELL = struct.Struct(">hi"), struct.Struct(">hii")
CELLS_PER_SLOT = 1280  # the last bucket stands for results without a response time
UNTIMED = 1279


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of results of a stretch that tell something by their status, outside maintenance.

    By slot, twelfths of the stretch; those with a response time packed by slot and bucket of it
    together as in `metric_fives`.
    """

    checks: list[int]
    failed: list[int]  # by their own status
    timed: int
    packed: bytes

    @property
    def buckets(self) -> Mapping[int, int]:
        """Return how many results have a response time in each bucket."""
        return of_cells(histogram.merged([self.packed]))


def of_cells(counts: Mapping[int, int]) -> dict[int, int]:
    """Return counts by bucket, from those by cell."""
    buckets: dict[int, int] = defaultdict(int)
    for cell, count in counts.items():
        buckets[cell % CELLS_PER_SLOT - SHIFT] += count
    return dict(buckets)


def counted(cells: bytes, others: bytes) -> Counts:
    """Return what the cells of a stretch add up to.

    `cells` have a response time; `others` have none, or failed. An hour has hundreds of cells: they
    are cut into slots where they lie.
    """
    places, counts = zip(*_CELL.iter_unpack(cells), strict=True) if cells else ((), ())
    cuts = [bisect_left(places, slot * CELLS_PER_SLOT) for slot in range(SLOTS + 1)]
    checks = [sum(counts[begin:end]) for begin, end in pairwise(cuts)]
    failed = [0] * SLOTS
    for cell, count, red in _OTHER_CELL.iter_unpack(others):
        slot, place = divmod(cell, CELLS_PER_SLOT)
        failed[slot] += red
        if place == UNTIMED:
            checks[slot] += count
    return Counts(checks, failed, sum(counts), cells)
