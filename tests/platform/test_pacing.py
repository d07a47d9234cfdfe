"""Pace of answers: a burst at once, then turn after turn."""

from itertools import pairwise

import pytest

from app.platform.pacing import Pace


def test_a_flood_is_spread_out_and_a_visitor_does_not_wait():
    pace = Pace(100, burst_seconds=0.1)
    delays = [pace.delay(50.0) for _ in range(200)]
    assert delays[:10] == [0.0] * 10
    assert delays[-1] == pytest.approx(1.9)
    assert all(b >= a for a, b in pairwise(delays))
    assert pace.delay(51.0) == pytest.approx(0.91)
    assert [pace.delay(60.0), pace.delay(60.0 + 1)] == [0.0, 0.0]
