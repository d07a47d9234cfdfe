"""Evaluation of a rule's condition on a service's history: firing, fine, or not known yet.

Three-valued logic after Kleene: `all` is false as soon as one part is false, `any` true as soon as
one is true, whatever is unknown beside it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from app.domain.rules import compare, words
from app.domain.rules.comparisons import OVER_A_WINDOW
from app.domain.rules.conditions import comparisons, describe
from app.domain.rules.history import History, Needs, Point, reaches_back
from app.domain.rules.types import (
    AllOf,
    AtLeast,
    Comparison,
    Condition,
    ForChecks,
    ForSeconds,
    Metric,
    Not,
    NotGreen,
    Qualifier,
)
from app.domain.types import Status


class Verdict(StrEnum):
    """Verdict of a condition on a history."""

    FIRING = "firing"
    FINE = "fine"
    UNKNOWN = "unknown"  # too little is known: neither fires nor resolves


_VERDICTS = {True: Verdict.FIRING, False: Verdict.FINE, None: Verdict.UNKNOWN}


def needs(condition: Condition) -> Needs:
    """Return what must be loaded before the condition can be evaluated."""
    tests = [test for test in comparisons(condition) if isinstance(test, Comparison)]
    counts = [1, *(_span(test.qualifier) for test in tests)]
    return Needs(
        last_results=max(counts) if max(counts) > 1 else 0,
        seconds=max(
            (test.qualifier.seconds for test in tests if isinstance(test.qualifier, ForSeconds)),
            default=0,
        ),
        windows_minutes=frozenset(
            minutes
            for test in tests
            for minutes in (test.window_minutes, test.short_window_minutes)
            if minutes is not None
        ),
        percentiles_minutes=frozenset(
            test.window_minutes
            for test in tests
            if test.metric is Metric.P95_RESPONSE_TIME_MS and test.window_minutes is not None
        ),
        body_texts=frozenset(str(test.value) for test in tests if test.metric is Metric.BODY),
    )


def timed_tests(condition: Condition) -> Sequence[Comparison]:
    """Return the tests that must hold for a time, each once, from left to right."""
    return list(
        dict.fromkeys(
            test
            for test in comparisons(condition)
            if isinstance(test, Comparison) and isinstance(test.qualifier, ForSeconds)
        )
    )


def _span(qualifier: Qualifier | None) -> int:
    match qualifier:
        case ForChecks(count):
            return count
        case AtLeast(_, of_last):
            return of_last
    return 1


def evaluate(condition: Condition, history: History, now: datetime) -> Verdict:
    """Return the verdict of a condition on a history.

    After a result that does not count (UNKNOWN, PENDING, in maintenance) it is UNKNOWN.
    """
    if not history.latest.counts:
        return Verdict.UNKNOWN
    return _VERDICTS[_truth(condition, history, now)]


def evaluate_in_maintenance(condition: Condition, latest: Point) -> Verdict:
    """Return the verdict during maintenance: nothing fires; what is open may resolve.

    By the latest point alone, because points of the window tell nothing to later ones.
    """
    calm = History(replace(latest, in_maintenance=False))
    verdict = evaluate(condition, calm, latest.at)
    return Verdict.UNKNOWN if verdict is Verdict.FIRING else verdict


def explain(condition: Condition, history: History, *, plain: bool = False) -> str:
    """Return the condition in words with the values found; `plain`: states as people call them."""
    found = {}
    for test in comparisons(condition):
        if not isinstance(test, Comparison) or test.metric in (Metric.BODY, Metric.STATUS):
            continue
        value = (
            compare.over_window(test, history.windows, test.window_minutes)
            if test.metric in OVER_A_WINDOW
            else compare.value_of(test.metric, history.latest)
        )
        if value is not None:
            found[test.metric] = words.found(test.metric, value)
    said = describe(condition, plain=plain)
    return f"{said} ({', '.join(found.values())})" if found else said


def _truth(condition: Condition, history: History, now: datetime) -> bool | None:
    if isinstance(condition, Comparison):
        if condition.metric in OVER_A_WINDOW:
            return compare.holds_over_windows(condition, history.windows)
        if condition.qualifier is None:
            return compare.holds(condition, history.latest)
        return _qualified(condition, condition.qualifier, history, now)
    if isinstance(condition, NotGreen):
        return history.latest.status is not Status.GREEN
    if isinstance(condition, Not):
        inner = _truth(condition.part, history, now)
        return None if inner is None else not inner
    truths = [_truth(part, history, now) for part in condition.parts]
    settled = not isinstance(condition, AllOf)  # one false settles `all`, one true settles `any`
    if settled in truths:
        return settled
    return None if None in truths else not settled


def _qualified(
    test: Comparison, qualifier: Qualifier, history: History, now: datetime
) -> bool | None:
    if isinstance(qualifier, ForSeconds):
        streak = history.streaks.get(test)
        if streak is not None:
            return streak.has_held(qualifier.seconds, now)
        return _held_for(test, qualifier.seconds, history, now)
    asked = _span(qualifier)
    wanted = qualifier.count if isinstance(qualifier, AtLeast) else asked
    true = unknown = 0
    seen = 0
    for point in history.counting():
        if seen == asked:
            break
        seen += 1
        truth = compare.holds(test, point)
        true += truth is True
        unknown += truth is None
    unknown += asked - seen  # what is missing might have been either
    if true >= wanted:
        return True
    return None if true + unknown >= wanted else False


def _held_for(test: Comparison, seconds: int, history: History, now: datetime) -> bool | None:
    for point in history.counting():
        truth = compare.holds(test, point)
        if not truth:
            return truth
        if reaches_back(point.at, seconds, now):
            return True
    return None
