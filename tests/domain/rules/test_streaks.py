"""Streaks say what looking through every point says."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.rules import conditions, evaluate
from app.domain.rules.history import History, Point, Streak
from app.domain.rules.streaks import StreakSearch, carried_on
from app.domain.types import Status

START = datetime(2026, 3, 2, tzinfo=UTC)
RED = {"metric": "status", "operator": "in", "value": ["RED"]}
SLOW = {"metric": "response_time_ms", "operator": ">", "value": 800}
LONG_RED, LONG_SLOW = {**RED, "for_seconds": 60}, {**SLOW, "for_seconds": 25}
SOURCES = [
    LONG_RED,
    {"not": LONG_RED},
    {"all": [LONG_RED, LONG_SLOW]},
    {"any": [LONG_SLOW, {"all": [{"not": LONG_SLOW}, {**RED, "for_seconds": 10}]}]},
    {"not": {"any": [LONG_RED, {"not": {**SLOW, "for_seconds": 90}}]}},
    {"all": [LONG_RED, {**RED, "for_seconds": 120}, {**SLOW, "value": 5}]},
]
POINTS = st.builds(
    Point,
    at=st.integers(0, 3_000).map(lambda tenths: START + timedelta(seconds=tenths / 10)),
    status=st.sampled_from([Status.RED, Status.RED, Status.RED, Status.GREEN, Status.UNKNOWN]),
    response_time_ms=st.sampled_from([None, 100.0, 900.0, 900.0]),
    in_maintenance=st.sampled_from([False, False, False, True]),
)
HISTORIES = st.lists(POINTS, min_size=1, max_size=40)
# How often the process forgets what it knows: an edit of the rule, or a service that was away.
FORGETTING = st.sets(st.integers(0, 40))


def searched(test, past, now):
    search = StreakSearch(test, now)
    for point in past:
        search.add(point)
    return search.found(was_all=True)


def agree(source, points, forgets):
    """Evaluate one point after another by streaks, and anew by everything that came before."""
    condition = conditions.parse(source)
    known: dict = {}
    for at, point in enumerate(points):
        past = points[at::-1]
        if at in forgets:
            known = {}
        if point.counts:
            for test in evaluate.timed_tests(condition):
                streak = carried_on(test, known.get(test), point)
                if streak is None:
                    counting = [earlier for earlier in past if earlier.counts]
                    streak = searched(test, counting, point.at)
                known[test] = streak
        by_streaks = evaluate.evaluate(condition, History(point, streaks=known), point.at)
        assert by_streaks is evaluate.evaluate(condition, History(point, past), point.at)


@given(st.sampled_from(SOURCES), HISTORIES, FORGETTING)
@settings(max_examples=400, deadline=None)
def test_streaks_agree_with_every_point(source, points, forgets):
    agree(source, sorted(points, key=lambda point: point.at), forgets)


def test_a_search_that_was_cut_short_knows_nothing():
    test = conditions.parse(LONG_RED)
    search = StreakSearch(test, START)
    search.add(Point(START, Status.RED))
    assert search.found(was_all=False) == Streak(True)
    assert Streak(True).has_held(1, START) is None
    assert search.found(was_all=True) == Streak(True, START, None)
