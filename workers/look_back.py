"""Look-back of claims: how far into the past a claim searches for checks that are due.

A `pg_dump` keeps the database from cleaning up, and then the dead index entries of all checks made
since lie before those that are due. So most claims look back only as far as something may have
become due since the last one. Leases that ran out, left by a worker that was killed, are older:
they are found by a claim without a bound, which comes the more rarely the longer it takes.
"""

from collections import deque
from math import inf

_BEHIND_SECONDS = 1.5  # before the last claim: for what was committed just then
# What woke us may have been due since the transaction that made it so began.
_BEHIND_WAKE_SECONDS = 15.0
# Between two claims without a bound, at least and at most; what share of all time they may take.
_LEAST_SECONDS = 1.0
_MOST_SECONDS = 10.0
_SHARE = 0.01
_COMPARED = 3  # a busy machine or a first connection makes one claim long, dead entries make all


class LookBack:
    """Look-back of the claims of one engine; times are of the monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._claimed_at = -inf
        self._unbounded_from = -inf
        self._bounded: deque[float] = deque(maxlen=_COMPARED)  # durations of the latest claims
        self._unbounded: deque[float] = deque(maxlen=_COMPARED)

    def seconds(self, at: float) -> float | None:
        """Return how far a claim made now looks back; None: without a bound."""
        return None if at >= self._unbounded_from else at - self._claimed_at + _BEHIND_SECONDS

    def woken(self) -> None:
        """Look further back at the next claim: something has become due at once."""
        self._claimed_at -= _BEHIND_WAKE_SECONDS

    def claimed(self, asked_at: float, answered_at: float, *, is_full: bool) -> None:
        """Learn from a claim: `is_full` says that it brought as much as was asked for."""
        took = answered_at - asked_at
        if asked_at >= self._unbounded_from:
            self._unbounded.append(took)
            pause = self._costs_more_seconds() / _SHARE
            self._unbounded_from = asked_at + min(_MOST_SECONDS, max(_LEAST_SECONDS, pause))
        else:
            self._bounded.append(took)
        if is_full:
            self._unbounded_from = -inf  # what is older may be due as well
        self._claimed_at = asked_at

    def _costs_more_seconds(self) -> float:
        """Return by how much a claim without a bound takes longer than one with it."""
        return min(self._unbounded) - min(self._bounded, default=inf)
