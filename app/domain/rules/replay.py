"""The alerts a rule would have raised on stored history, by the same decisions as live."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import overload

from app.domain.rules import compare, evaluate, flapping, transitions
from app.domain.rules.history import History, Point, Window
from app.domain.rules.transitions import RuleOptions, RuleState, Transition
from app.domain.rules.types import Condition
from app.domain.types import Status


@dataclass(frozen=True, slots=True)
class WouldBeAlert:
    """An alert that would have been; `resolved_at` is None if it would still be open."""

    opened_at: datetime
    resolved_at: datetime | None
    message: str


def replay(
    condition: Condition,
    points: Sequence[Point],
    options: RuleOptions,
    *,
    hold_while_flapping: bool = False,
) -> list[WouldBeAlert]:
    """Return the alerts that points, oldest first, would have brought.

    Windows see what lies in `points`, so
    the caller hands over as much from before the period as `alert_rules.needs` names.
    """
    needs = evaluate.needs(condition)
    windows = {minutes: _SlidingWindow(minutes) for minutes in needs.windows_minutes}
    recent = _Recollection(condition, max(needs.last_results, flapping.CHECKS))
    state = RuleState()
    result: list[WouldBeAlert] = []
    for point in points:
        recent.add(point)
        for window in windows.values():
            window.add(point)
        history = History(
            point,
            recent,
            {minutes: window.statistics() for minutes, window in windows.items()},
        )
        verdict = (
            evaluate.evaluate_in_maintenance(condition, point)
            if point.in_maintenance
            else evaluate.evaluate(condition, history, point.at)
        )
        if state.is_flapping:
            state = replace(state, is_flapping=_flapping(history, state).is_flapping)
        transition = transitions.next_transition(state, verdict, point.at, options)
        if transition is Transition.OPEN:
            result.append(WouldBeAlert(point.at, None, transitions.message(condition, history)))
            state = replace(state, is_open=True)
        elif transition is Transition.RESOLVE:
            if hold_while_flapping and _flapping(history, state).has_started:
                state = replace(state, is_flapping=True)
                continue
            result[-1] = replace(result[-1], resolved_at=point.at)
            state = replace(state, is_open=False, last_resolved_at=point.at)
    return result


def _flapping(history: History, state: RuleState) -> flapping.Flapping:
    statuses = (point.status for point in history.counting())
    return flapping.evaluate(statuses, was_flapping=state.is_flapping)


class _Recollection(Sequence[Point]):
    """The points that count, newest first, as far as a rule can tell them apart.

    The newest `kept` stand as they were. Of older ones only tests that must hold for a time want
    to know, so of a run of points that answer these tests alike the first and the last are enough:
    looking back over a day costs a few steps instead of thousands.
    """

    def __init__(self, condition: Condition, kept: int) -> None:
        self._tests = evaluate.timed_tests(condition)
        self._kept = kept
        self._newest: deque[Point] = deque()
        self._runs: list[Point] = []  # older ones, oldest first: the ends of each run
        self._answers: list[tuple[bool | None, ...]] = []  # of the points in `_runs`

    def add(self, point: Point) -> None:
        """Take in a point; one that does not count leaves no trace."""
        if point.counts:
            self._newest.appendleft(point)
            if len(self._newest) > self._kept:
                self._shelve(self._newest.pop())

    def _shelve(self, point: Point) -> None:
        answer = tuple(compare.holds(test, point) for test in self._tests)
        if self._answers[-2:] == [answer, answer]:
            self._runs[-1] = point
        else:
            self._runs.append(point)
            self._answers.append(answer)

    def __len__(self) -> int:
        return len(self._newest) + len(self._runs)

    def __iter__(self) -> Iterator[Point]:
        yield from self._newest
        yield from reversed(self._runs)

    @overload
    def __getitem__(self, index: int) -> Point: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Point]: ...

    def __getitem__(self, index: int | slice) -> Point | Sequence[Point]:
        return list(self)[index]


class _SlidingWindow:
    """The statistics of the last so many minutes while points come in, oldest first."""

    def __init__(self, minutes: int) -> None:
        self._span = timedelta(minutes=minutes)
        self._points: deque[Point] = deque()
        self._times: list[float] = []  # response times, sorted
        self._total = self._failed = 0

    def add(self, point: Point) -> None:
        """Take in a point, and let go of what is now older than the window."""
        self._points.append(point)
        self._total += point.counts
        self._failed += point.counts and point.status is Status.RED
        if point.counted_ms is not None:
            insort(self._times, point.counted_ms)
        while self._points[0].at <= point.at - self._span:
            old = self._points.popleft()
            self._total -= old.counts
            self._failed -= old.counts and old.status is Status.RED
            if old.counted_ms is not None:
                del self._times[bisect_left(self._times, old.counted_ms)]

    def statistics(self) -> Window:
        """Return the window's figures; the percentile is the nearest rank."""
        p95 = self._times[ceil(0.95 * len(self._times)) - 1] if self._times else None
        return Window(self._total, self._failed, p95)
