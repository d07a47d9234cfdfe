"""Start times of checks that were claimed ahead, and how far ahead a worker claims."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from math import inf
from uuid import UUID

from app.operations.checks.claim import Claim
from app.operations.snapshots.services import ServiceSnapshot

SLOT_SECONDS = 0.025  # of lateness at most: what is due at one moment falls into one slot
_SHORTEST_PERIOD_SECONDS = 0.075
_PERIOD_SECONDS = 1.0  # between claims,
_SLEEP_SECONDS = 5.0  # or at the most, while nothing is due
_AHEAD = 1.5  # periods
_FORGET_SECONDS = 60.0
_UNKNOWN_SECONDS = 1.0


class StartQueue:
    """Claims that wait for their due time. What is due within the same 25 ms starts together.

    Each start by its own timer is three turns of the event loop a check, which cost more than the
    check. Due times lie on marks (`app/domain/checks/schedule.py`), so that one turn starts many.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, start: Callable[[Claim], None]) -> None:
        self._loop = loop
        self._start = start
        self._slots: dict[int, list[Claim]] = {}
        self._waiting: dict[UUID, Claim] = {}  # by service

    def __len__(self) -> int:
        """Return how many claims wait."""
        return len(self._waiting)

    def add(self, claim: Claim, seconds: float) -> None:
        """Start a claim after so many seconds, in the place of an older one of the same check."""
        if seconds <= 0:
            if self._waiting:
                self._waiting.pop(claim.snapshot.service_id, None)
            self._start(claim)
            return
        now = self._loop.time()
        number = int((now + seconds) / SLOT_SECONDS) + 1
        if number not in self._slots:
            self._slots[number] = []
            self._loop.call_at(number * SLOT_SECONDS, self._start_slot, number)
        self._slots[number].append(claim)
        self._waiting[claim.snapshot.service_id] = claim

    def waiting(self) -> list[Claim]:
        """Return the claims that have not started."""
        return list(self._waiting.values())

    def drop(self, claims: Iterable[Claim]) -> None:
        """Forget claims whose lease is void: their service was edited, paused or deleted."""
        for claim in claims:
            service_id = claim.snapshot.service_id
            if self._waiting.get(service_id) is claim:
                del self._waiting[service_id]

    def _start_slot(self, number: int) -> None:
        for claim in self._slots.pop(number):
            service_id = claim.snapshot.service_id
            waiting = self._waiting.pop(service_id, None)
            if waiting is claim:
                self._start(claim)
            elif waiting is not None:  # one that has come in its place, for another time
                self._waiting[service_id] = waiting


class ClaimPace:
    """Pace of a worker's claims, by the shortest interval it has seen lately.

    A check that is recorded just after a claim must be found by the next one before it is due.
    """

    def __init__(self) -> None:
        # Until it has seen some, it looks often: a worker that was killed may have left its leases.
        self._shortest = _UNKNOWN_SECONDS
        self._seen_at = -inf

    def saw(self, snapshots: Collection[ServiceSnapshot], at: float) -> None:
        """Learn from services that were claimed at a moment of the monotonic clock."""
        if self._seen_at == -inf:
            self._seen_at = at
        if at - self._seen_at > _FORGET_SECONDS + min(self._shortest, _FORGET_SECONDS):
            self._shortest = inf
        shortest = min(
            (
                min(one.check_interval_seconds, one.retry_interval_seconds or inf)
                for one in snapshots
            ),
            default=inf,
        )
        if shortest <= self._shortest:
            self._shortest, self._seen_at = shortest, at

    @property
    def period_seconds(self) -> float:
        """Return the time between two claims while something is due."""
        return min(_PERIOD_SECONDS, max(_SHORTEST_PERIOD_SECONDS, self._shortest / 4))

    @property
    def ahead_seconds(self) -> float:
        """Return how long before their due time checks are claimed."""
        return self.period_seconds * _AHEAD

    def sleep_seconds(self, until_due: float, *, is_woken: bool) -> float:
        """Return the time until the next claim.

        `until_due` is when the next check is due that is not claimed yet; `is_woken` says whether
        we are told of what becomes due meanwhile.
        """
        most = min(_SLEEP_SECONDS if is_woken else _PERIOD_SECONDS, self._shortest / 4)
        period = self.period_seconds
        return max(period, min(most, until_due - (self.ahead_seconds - period)))
