"""The engine of a probe worker: claim, probe side by side, record in batches, again and again.

One event loop lives as long as the process; a drain session runs it for a while. Checks that hang
stay on the loop when a session ends and go on in the next one, so they never hold it up.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

import uvloop
from flask import Flask

from app.checks import runner
from app.domain.types import FailureKind, Observation, Status
from app.network.door import Network
from app.operations.checks import claim as checks_claim
from app.operations.checks.claim import Claim
from app.operations.recorded_check import RecordedCheck, quarantine_key
from app.operations.services import one_off_checks
from app.operations.services.one_off_checks import ProbeTask
from app.platform.bootstrap import Runtime
from app.platform.clock import monotonic
from app.platform.transaction import DATABASE_AWAY
from workers.check_quarantine import SET_ASIDE, CheckQuarantine, run_check_alone
from workers.connectivity import SelfDoubt
from workers.recorder import RETRY_SECONDS, Recorder, RecorderGone, brief
from workers.stalls import StallGuard

log = logging.getLogger(__name__)
T = TypeVar("T")

SESSION_SECONDS = 60.0
_CLAIM_BATCH = 500
_CLAIM_AT_LEAST = 200  # a claim costs as much as dozens of checks: wait a moment for that much room
_RECORD_BATCH = 1000
_POLL_SECONDS = (0.05, 0.25)  # how soon to look again for due work: at the soonest, at the latest
_LINGER_SECONDS = 0.02  # results wait this long for company before they are recorded,
_LINGER_ROUNDS = 4  # and so often while so many join: a transaction costs as much as dozens
_COMPANY = 40
_IDLE_SECONDS = 2.0  # a session ends when nothing falls due within this time


class Engine:
    """Runs the checks of one region in this process; one drain session at a time."""

    def __init__(
        self, app: Flask, region: str, network: Callable[[], Network], recorder: Recorder
    ) -> None:
        self._app = app
        self._recorder = recorder
        self._runtime: Runtime = app.extensions["runtime"]
        self._region = region
        self._concurrency: int = self._runtime.config.probe_concurrency
        self._loop = uvloop.new_event_loop()
        self._make_network = network
        self._network: Network | None = None
        self._doubt: SelfDoubt | None = None
        self._running = threading.Lock()
        self._stopping = threading.Event()
        # One thread claims and one waits for the recorder: the event loop waits for neither.
        self._claimer = ThreadPoolExecutor(1, "claimer")
        self._handover = ThreadPoolExecutor(1, "handover")
        self._alone = ThreadPoolExecutor(2, "alone")
        self._quarantine = CheckQuarantine()
        self._checks: set[asyncio.Task[None]] = set()
        self._unrecorded: list[RecordedCheck] = []
        self._recording: asyncio.Task[None] | None = None
        self._clock_offset = timedelta(0)
        self._clock_base: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Say whether a drain session is under way."""
        return self._running.locked()

    @property
    def is_stopping(self) -> bool:
        """Say whether the process is about to end."""
        return self._stopping.is_set()

    @property
    def blind_since(self) -> datetime | None:
        """Since when no witness answers; None while the monitor sees."""
        return self._doubt.blind_since if self._doubt else None

    def stop(self) -> None:
        """End the running session soon and refuse further ones."""
        self._stopping.set()

    def close(self) -> None:
        """Let go of the recorder, after the last session."""
        self._recorder.close()

    def drain(self, seconds: float = SESSION_SECONDS) -> bool:
        """Run due checks for a while; say whether more will soon be due.

        Returns at once when a session is already under way in this process.
        """
        if self._stopping.is_set() or not self._running.acquire(blocking=False):
            return False
        try:
            asyncio.set_event_loop(self._loop)
            with StallGuard(self._loop):
                return self._loop.run_until_complete(self._session(seconds))
        finally:
            self._running.release()

    async def _session(self, seconds: float) -> bool:
        if self._network is None:
            self._network = self._make_network()
            self._doubt = SelfDoubt(self._network, self._runtime.config.witness_targets)
        end = monotonic() + seconds
        while not self._stopping.is_set() and monotonic() < end:
            room = await self._room()
            if room <= 0:
                continue
            try:
                idle_seconds = await self._claim_and_start(min(room, _CLAIM_BATCH))
            except DATABASE_AWAY as error:
                log.warning("database is away, checks wait", extra={"why": brief(error)})
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if idle_seconds >= _IDLE_SECONDS and not self._checks and self._recording is None:
                return False
            await asyncio.sleep(min(idle_seconds, _POLL_SECONDS[1]))
        if self._stopping.is_set():
            await self._finish()
            return False
        return True

    async def _room(self) -> int:
        """Return how many checks may be started, after a short wait where that is not many."""
        enough = min(_CLAIM_AT_LEAST, self._concurrency)
        end = monotonic() + _POLL_SECONDS[0]
        while True:
            # What waits to be recorded holds memory, and it is long only if the database is away.
            backlog = max(0, len(self._unrecorded) - 2 * _RECORD_BATCH)
            room = self._concurrency - len(self._checks) - backlog
            if room >= enough or monotonic() >= end:
                return room
            await asyncio.sleep(_LINGER_SECONDS / 4)

    async def _claim_and_start(self, limit: int) -> float:
        """Start what is due; return for how many seconds nothing more will be."""
        claimed, tasks = await self._in(self._claimer, self._claim, limit)
        self._clock_base, self._clock_offset = claimed.now, timedelta(seconds=monotonic())
        for claim in claimed.claims:
            self._start(self._check(claim))
        for task in tasks:
            self._start(self._answer(task))
        if len(claimed.claims) == limit:
            return 0.0
        if claimed.next_due_at is None:
            return _IDLE_SECONDS
        idle = (claimed.next_due_at - claimed.now).total_seconds()
        return max(idle, _POLL_SECONDS[0])

    def _claim(self, limit: int) -> tuple[checks_claim.Claimed, list[ProbeTask]]:
        claimed = checks_claim.claim(self._region, limit)
        self._quarantine.refresh(claimed.claims)
        return claimed, one_off_checks.claim(self._region, 20)

    def _start(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)

    async def _check(self, claim: Claim) -> None:
        checked_at = self._database_now()
        if self._quarantine.rests(claim):
            observation = SET_ASIDE
        elif self._quarantine.runs_alone(claim):
            lost = await self._loop.run_in_executor(
                self._alone, run_check_alone, claim, self._in_context
            )
            if lost is None:
                return
            observation = lost
        else:
            observation = await self._observe(claim)
        self._unrecorded.append(claim.finished(observation, checked_at))
        if self._recording is None:
            self._recording = self._loop.create_task(self._record())

    async def _observe(self, claim: Claim) -> Observation:
        if claim.definition.fault:
            return Observation(
                Status.UNKNOWN,
                None,
                error=claim.definition.fault,
                failure_kind=FailureKind.CONFIGURATION,
            )
        assert self._network is not None
        assert self._doubt is not None
        target, began_at = claim.definition.target, monotonic()
        observation = await runner.run(target, self._network)
        return await self._doubt.judge(target, observation, began_at)

    async def _answer(self, task: ProbeTask) -> None:
        assert self._network is not None
        if task.fault:
            observation = Observation(
                Status.UNKNOWN, None, error=task.fault, failure_kind=FailureKind.CONFIGURATION
            )
        else:
            observation = await runner.run(task.target, self._network)
        await self._insist(self._claimer, one_off_checks.answer, task.id, observation)

    async def _record(self) -> None:
        """Record what has finished, a batch at a time, until nothing is left."""
        while self._unrecorded:
            await self._linger()
            batch = self._unrecorded[:_RECORD_BATCH]
            try:
                await self._loop.run_in_executor(self._handover, self._hand_over, batch)
            except RecorderGone:
                return  # this process is about to end
            except Exception:
                # The fence: these come again by their leases, and the next ones are recorded.
                log.exception("a batch of results cannot be handed over")
            else:
                await self._clear(batch)
            del self._unrecorded[: len(batch)]
        self._recording = None

    async def _clear(self, batch: list[RecordedCheck]) -> None:
        if self._quarantine.has_suspects:
            keys = {quarantine_key(check.service_id, check.region) for check in batch}
            await self._insist(self._claimer, self._quarantine.recorded, keys)

    async def _linger(self) -> None:
        for _ in range(_LINGER_ROUNDS):
            before = len(self._unrecorded)
            if before >= _RECORD_BATCH // 2:
                return
            await asyncio.sleep(_LINGER_SECONDS)
            if len(self._unrecorded) < before + _COMPANY:
                return

    def _hand_over(self, batch: list[RecordedCheck]) -> None:
        self._recorder.record(batch, self._database_now())

    async def _insist(self, pool: ThreadPoolExecutor, function: Callable[..., T], *args: Any) -> T:
        """Run a database operation until it goes through; leases make a repetition harmless."""
        while True:
            try:
                return await self._in(pool, function, *args)
            except DATABASE_AWAY as error:
                log.warning("database is away, results wait", extra={"why": brief(error)})
                await asyncio.sleep(RETRY_SECONDS)

    def _in(self, pool: ThreadPoolExecutor, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        return self._loop.run_in_executor(pool, self._in_context, function, *args)

    def _in_context(self, function: Callable[..., T], *args: Any) -> T:
        with self._app.app_context():
            return function(*args)

    def _database_now(self) -> datetime:
        # The database's clock, carried forward by ours: skewed hosts do not matter.
        assert self._clock_base is not None
        return self._clock_base + (timedelta(seconds=monotonic()) - self._clock_offset)

    async def _finish(self) -> None:
        """Before a stop: record what has finished; what has not comes again after its lease."""
        if self._recording is not None:
            await asyncio.wait({self._recording}, timeout=5)
