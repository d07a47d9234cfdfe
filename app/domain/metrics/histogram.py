"""Response times counted in buckets that grow by 2 %, so that they can be merged without end.

The sketch of `app.domain.window_counts`, in the form in which it is stored: a percentile is off by
at most 1 %, whatever was merged in whichever order.
"""

import struct
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import accumulate
from math import ceil

from app.domain.rules.window_counts import GROWTH

SHIFT = 256  # added to a bucket where it must not be negative
_ENTRY = struct.Struct(">hi")


def pack(counts: Mapping[int, int]) -> bytes:
    """Return buckets and their counts as bytes: int16, int32, big-endian, by bucket."""
    return b"".join(_ENTRY.pack(place, counts[place]) for place in sorted(counts))


def merged(packed: Iterable[bytes]) -> dict[int, int]:
    """Return what histograms hold together; one may be several, one behind the other."""
    counts: dict[int, int] = defaultdict(int)
    for data in packed:
        for place, count in _ENTRY.iter_unpack(data):
            counts[place] += count
    return dict(counts)


def percentiles(
    counts: Mapping[int, int], shares: Iterable[float], low: float | None, high: float | None
) -> list[float | None]:
    """Return nearest-rank percentiles in milliseconds, two decimals; None where nothing is.

    `low` and `high` are the shortest and the longest time, where they are known: no percentile
    lies beyond them.
    """
    places = sorted(counts)
    up_to = list(accumulate(map(counts.__getitem__, places)))
    result: list[float | None] = []
    for share in shares:
        if not up_to:
            result.append(None)
            continue
        # The share 0 is the first result.
        value: float = GROWTH ** (places[bisect_left(up_to, max(1, ceil(share * up_to[-1])))] + 0.5)
        value = value if low is None else max(value, low)
        result.append(round(value if high is None else min(value, high), 2))
    return result


def percentile(
    counts: Mapping[int, int], share: float, low: float | None, high: float | None
) -> float | None:
    """Return one percentile, as `percentiles` does."""
    (result,) = percentiles(counts, (share,), low, high)
    return result


def mean(counts: Mapping[int, int]) -> float | None:
    """Return the mean in milliseconds, to within 1 %, two decimals; None where nothing is."""
    total = sum(counts.values())
    if not total:
        return None
    weighed: float = sum(GROWTH ** (place + 0.5) * count for place, count in counts.items())
    return round(weighed / total, 2)
