"""Counts that are moved along against counting anew."""

from collections import Counter
from math import ceil, floor, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.rules.history import Window
from app.domain.rules.window_counts import GROWTH, WindowCounts, summed

POINTS = st.lists(
    st.tuples(st.booleans(), st.none() | st.floats(0.01, 100_000)), min_size=1, max_size=60
)


def counted(points):
    """Return the counts of points, as the database groups them."""
    rows = Counter(
        (None if time is None else floor(log(time) / log(GROWTH)), is_red)
        for is_red, time in points
    )
    return summed(
        (bucket, count, count * is_red, count) for (bucket, is_red), count in rows.items()
    )


@given(POINTS, st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=300, deadline=None)
def test_moved_counts_are_those_of_the_points_inside(points, first, second):
    begin, end = sorted((min(first, len(points)), min(second, len(points))))
    moved = counted(points[:end]).moved(counted(points[end:]), counted(points[:begin]))
    inside = points[begin:]
    found = moved.window()
    assert (found.total, found.failed) == (len(inside), sum(is_red for is_red, _ in inside))
    times = sorted(time for _, time in inside if time is not None)
    if times:
        exact = times[ceil(0.95 * len(times)) - 1]
        assert found.p95_response_time_ms == pytest.approx(exact, rel=0.0101, abs=0.006)
    else:
        assert found.p95_response_time_ms is None


def test_what_was_never_counted_cannot_be_taken_away():
    moved = WindowCounts(1, 0, {3: 1}).moved(WindowCounts(), WindowCounts(2, 1, {3: 2}))
    assert moved.window() == Window(0, 0, None)
