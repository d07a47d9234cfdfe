"""Streaks of a test that holds without a break: found in a history, or carried on by points."""

from dataclasses import replace
from datetime import datetime

from app.domain.rules import compare
from app.domain.rules.history import Point, Streak, reaches_back
from app.domain.rules.types import Comparison, ForSeconds


def carried_on(test: Comparison, known: Streak | None, point: Point) -> Streak | None:
    """Return the streak after one more point that counts; None: history must be searched for it."""
    truth = compare.holds(test, point)
    if not truth:
        return Streak(truth)
    if known is None or known.since is None:
        return None
    return replace(known, since=min(known.since, point.at))


class StreakSearch:
    """Search of a test's streak in points handed over newest first, and no further than needed."""

    def __init__(self, test: Comparison, now: datetime) -> None:
        self._test = test
        self._seconds = test.qualifier.seconds if isinstance(test.qualifier, ForSeconds) else 0
        self._now = now
        self._points = 0
        self._truth: bool | None = None
        self._since: datetime | None = None
        self._before: bool | None = None
        self.is_done = False

    def add(self, point: Point) -> None:
        """Take in the next older point that counts; the first is the newest of all."""
        if self.is_done:
            return
        truth = compare.holds(self._test, point)
        if not self._points:
            self._truth = truth
        self._points += 1
        if truth:
            self._since = point.at if self._since is None else min(self._since, point.at)
            self.is_done = reaches_back(point.at, self._seconds, self._now)
        else:
            self._before, self.is_done = truth, True

    def found(self, *, was_all: bool) -> Streak:
        """Return what the points show; `was_all` says that there are no older ones."""
        if self._truth and not (self.is_done or was_all):
            return Streak(self._truth)
        return Streak(self._truth, self._since, self._before)
