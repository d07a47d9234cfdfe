"""Percentiles of merged histograms against the nearest rank of all values."""

import math
import random
from math import ceil, floor, log

import pytest

from app.domain.metrics import histogram
from app.domain.rules.window_counts import GROWTH, SHORTEST_MS

DICE = random.Random(5)


def bucket(response_time_ms: float) -> int:
    """Return the bucket of a response time: the formula that SQL uses."""
    return floor(log(max(response_time_ms, SHORTEST_MS)) / log(GROWTH))


DATA = {
    "log-normal": [DICE.lognormvariate(4, 1) for _ in range(5000)],
    "bimodal": [
        DICE.gauss(20, 2) if DICE.random() < 0.8 else DICE.gauss(900, 50) for _ in range(5000)
    ],
    "constant": [37.5] * 500,
    "two points": [10.0] * 95 + [2000.0] * 5,
    "one": [0.004],
}


@pytest.mark.parametrize("values", DATA.values(), ids=DATA)
@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_within_one_percent_however_it_was_merged(values, share):
    parts = [values[place::7] for place in range(7)]
    DICE.shuffle(parts)
    packed = []
    for part in parts:
        counts: dict[int, int] = {}
        for value in part:
            place = bucket(value)
            counts[place] = counts.get(place, 0) + 1
        packed.append(histogram.pack(counts))
    exact = sorted(values)[ceil(share * len(values)) - 1]
    found = histogram.percentile(histogram.merged(packed), share, min(values), max(values))
    assert found == pytest.approx(exact, rel=0.01, abs=0.005)


def test_nothing_has_no_percentile():
    assert histogram.percentile({}, 0.95, None, None) is None


def test_a_histogram_does_not_depend_on_the_order():
    counts = {5: 2, -3: 1, 400: 70_000}
    assert histogram.pack(counts) == histogram.pack(dict(reversed(counts.items())))
    assert histogram.merged([histogram.pack(counts)] * 2) == {5: 4, -3: 2, 400: 140_000}


def test_histograms_that_stand_one_behind_the_other_are_one():
    counts = {5: 2, -3: 1}
    packed = histogram.pack(counts)
    assert histogram.merged([packed + packed]) == histogram.merged([packed, packed])


@pytest.mark.parametrize(
    ("share", "found"), [(0, 10.0), (0.01, 10.0), (0.95, 10.0), (0.951, 2000.0), (1, 2000.0)]
)
def test_the_nearest_rank(share, found):
    counts = {bucket(10.0): 95, bucket(2000.0): 5}
    assert histogram.percentile(counts, share, 10.0, 2000.0) == pytest.approx(found, rel=0.01)


def borders() -> list[float]:
    values = [0.0, 0.009, 0.01, 1.0]
    for power in range(-230, 700, 3):
        value = 1.02**power
        values += [value, math.nextafter(value, 0), math.nextafter(value, math.inf)]
    return values + [DICE.lognormvariate(4, 2) for _ in range(10_000)]


def test_the_formula_is_the_same_in_sql(rows):
    values = borders()
    found = rows(
        "SELECT floor(ln(greatest(v, 0.01)::float8) / ln(1.02::float8))::int"
        " FROM unnest(%s::float8[]) WITH ORDINALITY AS t (v, place) ORDER BY place",
        values,
    )
    assert [place for (place,) in found] == [bucket(value) for value in values]
