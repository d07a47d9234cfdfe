"""Finished checks on their way from the event loop to the recorder, in batches."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from app.domain.types import Observation, Status
from app.operations.checks.claim import Claim
from app.operations.health.quarantine import WorkKind
from app.operations.recorded_check import RecordedCheck, quarantine_key
from app.operations.rules import evaluation
from app.platform import work_journal
from workers.exchange import Exchange
from workers.recorder import RecorderGone

log = logging.getLogger(__name__)

BATCH = 1000
FLUSH_SECONDS = 0.9  # results that change nothing wait this long to be recorded together
_URGENT_INTERVAL_SECONDS = 4  # a service checked more often is due again before
# Before a batch is recorded it lingers for further results, a few rounds while this many join in
# each: a transaction costs as much as dozens of results. What may change a status waits one round
# alone: somebody is to hear of it.
_LINGER_SECONDS = 0.02
_LINGER_ROUNDS = 4
_LINGER_JOINING = 40
_FLUSH_AT = 200  # results that are worth a transaction
_FINISH_SECONDS = 5


class ResultQueue:
    """Results that wait to be recorded; an urgent one takes all the others with it at once."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        exchange: Exchange,
        recorded: Callable[[list[RecordedCheck]], Awaitable[None]],
    ) -> None:
        self._loop = loop
        self._exchange = exchange
        self._recorded = recorded
        self._pool = ThreadPoolExecutor(1, "handover")
        self._firing: set[UUID] = (
            set()
        )  # services for whose last result some rule fired, or may have
        self._waiting: list[RecordedCheck] = []
        self._urgent = asyncio.Event()
        self._has_changes = False  # whether one that waits may change a status
        self._recording: asyncio.Task[None] | None = None
        self.is_recorder_gone = False  # then nothing is recorded here any more

    def __len__(self) -> int:
        """Return how many results are not recorded yet."""
        return len(self._waiting)

    def waiting(self) -> list[RecordedCheck]:
        """Return the results that are not recorded yet."""
        return list(self._waiting)

    def add(self, claim: Claim, observation: Observation, checked_at: datetime) -> None:
        """Have a finished check recorded: within a second, or at once if it changes anything."""
        self._waiting.append(claim.finished(observation, checked_at))
        if not observation.status is claim.state.status is claim.service_status is Status.GREEN:
            self._has_changes = True
            self._urgent.set()
        elif (
            claim.snapshot.check_interval_seconds < _URGENT_INTERVAL_SECONDS
            or self._may_fire_or_end(claim, observation, checked_at)
            or len(self._waiting) >= _FLUSH_AT
        ):
            self._urgent.set()
        if self._recording is None:
            self._recording = self._loop.create_task(self._record())

    def _may_fire_or_end(
        self, claim: Claim, observation: Observation, checked_at: datetime
    ) -> bool:
        """Say no only if no rule fires for the service, or has just fired."""
        service_id = claim.snapshot.service_id
        was_firing = bool(self._firing) and service_id in self._firing
        if evaluation.are_fine(claim.rules, claim.snapshot, observation, checked_at):
            if was_firing:
                self._firing.discard(service_id)
            return was_firing  # an alert may have to end now
        self._firing.add(service_id)
        return True

    async def finish(self) -> None:
        """Record what has finished, before a stop."""
        self._urgent.set()
        if self._recording is not None:
            await asyncio.wait({self._recording}, timeout=_FINISH_SECONDS)

    async def _record(self) -> None:
        """Record what has finished, a batch at a time, until nothing is left."""
        while self._waiting:
            await self._linger()
            batch = self._waiting[:BATCH]
            if len(batch) == len(self._waiting):
                self._urgent.clear()
                self._has_changes = False
            try:
                await self._loop.run_in_executor(self._pool, self._hand_over, batch)
            except RecorderGone:
                self.is_recorder_gone = True
                return  # this process is about to end
            except Exception:
                # The fence: these come again by their leases, and the next ones are recorded.
                log.exception("a batch of results cannot be handed over")
            else:
                await self._recorded(batch)
            del self._waiting[: len(batch)]
        self._recording = None

    async def _linger(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._urgent.wait()
        for _ in range(_LINGER_ROUNDS):
            before = len(self._waiting)
            if before >= BATCH // 2:
                return
            await asyncio.sleep(_LINGER_SECONDS)
            if self._has_changes or len(self._waiting) < before + _LINGER_JOINING:
                return

    def _hand_over(self, batch: list[RecordedCheck]) -> None:
        keys = [quarantine_key(check.service_id, check.region) for check in batch]
        with work_journal.in_hand(WorkKind.CHECK, keys):
            self._exchange.record(batch, self._exchange.now())
