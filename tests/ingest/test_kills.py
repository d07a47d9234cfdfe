"""A small form of `python -m tests.soak pings`."""

import pytest

from tests.soak import pings


@pytest.mark.timeout(180)
def test_answered_pings_survive_kills_and_crashes():
    story = pings.run(pings=3_000, pause_seconds=0.8, least_kills=5)
    assert len(story.answered) >= 3_000
    assert story.kills + story.crashes >= 5
