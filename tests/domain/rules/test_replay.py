from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.rules import conditions, evaluate
from app.domain.rules.evaluate import Verdict
from app.domain.rules.history import History, Point, Window
from app.domain.rules.replay import replay
from app.domain.rules.transitions import RuleOptions
from app.domain.types import Status

START = datetime(2026, 3, 2, tzinfo=UTC)
LETTERS = {"G": "GREEN", "Y": "YELLOW", "R": "RED", "U": "UNKNOWN"}
RED = {"metric": "status", "operator": "in", "value": ["RED"]}


def points(letters: str, times: list[float] | None = None) -> list[Point]:
    """Return a point a minute for each letter; a lower-case one lies in maintenance."""
    failures = [0]
    for letter in letters.upper():
        failures.append({"R": failures[-1] + 1, "U": failures[-1]}.get(letter, 0))
    return [
        Point(
            START + timedelta(minutes=at),
            Status(LETTERS[letter.upper()]),
            response_time_ms=times[at] if times else None,
            consecutive_failures=failures[at + 1],
            in_maintenance=letter.islower(),
        )
        for at, letter in enumerate(letters)
    ]


def spans(source, letters, options=None, **more):
    found = replay(conditions.parse(source), points(letters), options or RuleOptions(), **more)
    return [
        tuple(
            None if moment is None else (moment - START) // timedelta(minutes=1)
            for moment in (alert.opened_at, alert.resolved_at)
        )
        for alert in found
    ]


@pytest.mark.parametrize(
    ("source", "letters", "expected", "why"),
    [
        ({}, "", [], "no history, no alerts"),
        (RED, "GGGG", [], "a quiet time"),
        (RED, "GRRG", [(1, 3)], "one outage"),
        (RED, "GRRR", [(1, None)], "one that lasts"),
        (RED, "RGRG", [(0, 1), (2, 3)], "two outages"),
        (RED, "RURG", [(0, 3)], "blindness resolves nothing"),
        (RED, "GrrG", [], "maintenance raises nothing"),
        (RED, "GrrR", [(3, None)], "an outage that outlasts it fires at its end"),
        (RED, "RggG", [(0, 1)], "what is open may resolve in it"),
        ({}, "GYGRG", [(1, 2), (3, 4)], "the empty condition sees YELLOW"),
        ({**RED, "for_checks": 3}, "RRGRRRRG", [(5, 7)], "a series"),
        ({**RED, "for_seconds": 120}, "GRRRRG", [(3, 5)], "a duration"),
        ({**RED, "at_least": 2, "of_last": 3}, "GRGRGGG", [(3, 4)], "a share"),
        ("consecutive_failures >= 2", "RGRRRG", [(3, 5)], "counted from the points"),
        ("consecutive_failures >= 2", "RURrG", [(2, 4)], "of which some do not count"),
    ],
)
def test_replay(source, letters, expected, why):
    assert spans(source, letters) == expected, why


def test_options_hold_as_they_do_live():
    assert spans(RED, "RGRGRR", RuleOptions(cooldown_minutes=3)) == [(0, 1), (4, None)]
    assert spans(RED, "RGRG", RuleOptions(auto_resolve=False)) == [(0, None)]


def test_while_a_service_flaps_one_alert_stands_for_all():
    letters = "G" * 20 + "RG" * 10 + "G" * 20
    plain = spans(RED, letters)
    held = spans(RED, letters, hold_while_flapping=True)
    assert len(plain) == 10
    assert len(held) == 3
    assert held[-1][1] is not None


def test_windows_slide():
    source = {"metric": "error_rate", "operator": ">", "value": 50, "window_minutes": 3}
    assert spans(source, "GGRRGGG") == [(3, 5)]


def test_percentiles_forget_what_is_old():
    source = {
        "metric": "p95_response_time_ms",
        "operator": ">",
        "value": 100,
        "window_minutes": 2,
    }
    past = points("GGGGG", [10.0, 500.0, 10.0, 10.0, 10.0])
    found = replay(conditions.parse(source), past, RuleOptions())
    assert [(a.opened_at, a.resolved_at) for a in found] == [(past[1].at, past[3].at)]


def test_an_alert_says_why():
    (alert,) = replay(conditions.parse(RED), points("R"), RuleOptions())
    assert alert.message == "Check failed with status RED"


def verdict_of(condition, history):
    """Return the verdict of a moment, as both live and preview come to it."""
    if history.latest.in_maintenance:
        return evaluate.evaluate_in_maintenance(condition, history.latest)
    return evaluate.evaluate(condition, history, history.latest.at)


SOURCES = [
    {},
    {**RED, "for_checks": 3},
    {**RED, "for_seconds": 150},
    {**RED, "at_least": 2, "of_last": 4},
    {"not": {**RED, "for_checks": 2}},
    {"metric": "uptime_percentage", "operator": "<", "value": 70, "window_minutes": 5},
]


@given(st.sampled_from(SOURCES), st.text("GYRUgr", min_size=1, max_size=25))
@settings(max_examples=300, deadline=None)
def test_replay_agrees_with_evaluating_each_moment_anew(source, letters):
    condition, past = conditions.parse(source), points(letters)
    is_open, expected = False, []
    for at, point in enumerate(past):
        since = point.at - timedelta(minutes=5)
        inside = [p for p in past[: at + 1] if p.counts and p.at > since]
        window = Window(len(inside), sum(p.status is Status.RED for p in inside))
        history = History(point, past[at::-1], {5: window})
        verdict = verdict_of(condition, history)
        if not is_open and verdict is Verdict.FIRING:
            is_open = True
            expected.append((at, None))
        elif is_open and verdict is Verdict.FINE:
            is_open = False
            expected[-1] = (expected[-1][0], at)
    assert spans(source, letters) == expected


LONG = [
    {**RED, "for_seconds": 1_800},
    {"all": [{**RED, "for_seconds": 1_500}, {"not": {**RED, "for_seconds": 2_400}}]},
    {"any": [{**RED, "for_seconds": 2_400}, {**RED, "at_least": 20, "of_last": 30}]},
]
STRETCHES = st.lists(st.tuples(st.sampled_from("GYRUr"), st.integers(1, 40)), max_size=8)


@given(st.sampled_from(LONG), STRETCHES)
@settings(max_examples=200, deadline=None)
def test_long_stretches_are_remembered_by_their_ends(source, stretches):
    condition, past = conditions.parse(source), points("".join(a * n for a, n in stretches))
    is_open, expected = False, []
    for at, point in enumerate(past):
        verdict = verdict_of(condition, History(point, past[at::-1]))
        if not is_open and verdict is Verdict.FIRING:
            is_open = True
            expected.append((at, None))
        elif is_open and verdict is Verdict.FINE:
            is_open = False
            expected[-1] = (expected[-1][0], at)
    assert spans(source, "".join(a * n for a, n in stretches)) == expected


def test_looking_back_over_a_day_costs_little():
    past = points("R" * 20_000)
    source = {**RED, "for_seconds": 86_400}
    (alert,) = replay(conditions.parse(source), past, RuleOptions())
    assert alert.opened_at == past[1_440].at


def test_a_month_of_points_is_replayed_in_reasonable_time():
    past = points("GGGGGGGGGR" * 4_320, [float(at % 97) for at in range(43_200)])
    source = {
        "any": [
            {"metric": "p95_response_time_ms", "operator": ">", "value": 96, "window_minutes": 60},
            {**RED, "at_least": 3, "of_last": 5},
        ]
    }
    assert replay(conditions.parse(source), past, RuleOptions()) == []
