"""Schedule of an agent that cannot reach its server: what it knows goes on, on the same grid."""

import heapq
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.checks import schedule
from app.domain.checks.service_states import RegionState
from app.domain.types import Status
from app.operations.checks.claim import Claim
from app.operations.snapshots.services import ServiceSnapshot

HOUR_SECONDS = 3600.0  # so long an agent goes on alone
ALONE = 0  # the lease token of a check that nobody has claimed
_MISSED = 3  # intervals; a service not claimed for longer is paused, deleted, or another agent's
_MISSED_SECONDS = 30


class Autonomy:
    """Services of one location that were claimed here, and the due time that each was at last.

    Threads: one at a time uses it.
    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._known: dict[UUID, ServiceSnapshot] = {}
        self._latest: dict[UUID, datetime] = {}
        self._due: list[tuple[datetime, UUID]] | None = None  # a heap, while we are alone

    def saw(self, claim: Claim) -> None:
        """Remember a check that the server has handed out."""
        service_id = claim.snapshot.service_id
        self._known[service_id] = claim.snapshot
        latest = self._latest.get(service_id)
        if latest is None or claim.scheduled_for > latest:
            self._latest[service_id] = claim.scheduled_for

    def forget(self) -> None:
        """Know nothing any more: the key is no longer one of a location."""
        self._known.clear()
        self._latest.clear()
        self._due = None

    def is_back(self) -> None:
        """Note that the server hands out checks again."""
        self._due = None

    def due(self, now: datetime, ahead_seconds: float, limit: int) -> list[Claim]:
        """Return checks that are due, or will be that soon, each due time once.

        Due times that have passed meanwhile are folded into one, as the server does.
        """
        if self._due is None:
            self._begin(now)
        assert self._due is not None
        until = now + timedelta(seconds=ahead_seconds)
        result: list[Claim] = []
        while self._due and self._due[0][0] <= until and len(result) < limit:
            at, service_id = heapq.heappop(self._due)
            snapshot = self._known[service_id]
            self._latest[service_id] = at
            heapq.heappush(self._due, (self._after(snapshot, at), service_id))
            result.append(
                Claim(snapshot, self._region, ALONE, at, RegionState(Status.GREEN), Status.GREEN)
            )
        return result

    def _begin(self, now: datetime) -> None:
        """List what is still ours: what the server has not handed out for long is not."""
        for service_id, latest in list(self._latest.items()):
            interval = self._known[service_id].check_interval_seconds
            if now - latest > timedelta(seconds=_MISSED * interval + _MISSED_SECONDS):
                del self._latest[service_id], self._known[service_id]
        self._due = []
        for service_id, latest in self._latest.items():
            snapshot = self._known[service_id]
            # At the earliest the latest due time that has come, and never one that was done.
            earliest = now - timedelta(seconds=snapshot.check_interval_seconds)
            self._due.append((self._after(snapshot, max(latest, earliest)), service_id))
        heapq.heapify(self._due)

    def _after(self, snapshot: ServiceSnapshot, at: datetime) -> datetime:
        interval = snapshot.check_interval_seconds
        phase = schedule.phase_ms(snapshot.service_id, self._region, interval)
        return schedule.next_due(at, interval, phase)
