"""The engine of a probe worker: claim, probe side by side, record in batches, again and again.

One event loop in a thread of its own lives as long as the process; a drain session claims for a
while. Checks that wait or hang stay on the loop when a session ends, so they never hold it up.

A claim takes what is due within the next second or so, and each check starts when it is due: few
transactions, and none between the due time and the start. Results that change nothing are recorded
together within a second; one that changes anything is recorded at once, with all that wait.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from math import inf
from typing import Any, Protocol, TypeVar
from uuid import UUID

import uvloop

from app.checks import runner
from app.domain.types import FailureKind, Observation, Status
from app.network.network import Network
from app.operations.accounts.reach import Targets
from app.operations.checks.claim import Claim, Claimed, Lease
from app.operations.health.quarantine import WorkKind
from app.operations.recorded_check import RecordedCheck
from app.operations.services.one_off_checks import ProbeTask
from app.platform import lease_journal, work_journal
from app.platform.clock import monotonic
from workers.check_quarantine import SET_ASIDE
from workers.connectivity import ConnectivityCheck
from workers.exchange import Exchange
from workers.isolation import ALONE_THREADS
from workers.look_back import LookBack
from workers.recorder import RETRY_SECONDS, brief
from workers.result_queue import BATCH, ResultQueue
from workers.stalls import LoopStalls, StallGuard
from workers.start_times import ClaimPace, StartQueue

log = logging.getLogger(__name__)
T = TypeVar("T")

SESSION_SECONDS = 60.0
_CLAIM_BATCH = 500
_CLAIM_AT_LEAST = 200  # a claim costs as much as dozens of checks: wait a moment for that much room
_ROOM_SECONDS = 0.05  # how long a claim waits for more room
_LAST_CHECKS_SECONDS = 1.0  # for the checks that run when the process is to stop
_SESSION_END_SECONDS = 5.0


class EngineSettings(Protocol):
    """The part of a process's settings that its engine reads."""

    @property
    def probe_concurrency(self) -> int: ...
    @property
    def witness_targets(self) -> tuple[str, ...]: ...


class Engine:
    """Engine of the checks of one region in this process; one drain session at a time."""

    def __init__(
        self, exchange: Exchange, settings: EngineSettings, network: Callable[[Targets], Network]
    ) -> None:
        self._exchange = exchange
        self._concurrency = settings.probe_concurrency
        self._witness_targets = settings.witness_targets
        self._loop = uvloop.new_event_loop()
        self._make_network = network
        self._networks: dict[Targets, Network] = {}
        self._connectivity: ConnectivityCheck | None = None
        self._running = threading.Lock()
        self._stopping = threading.Event()
        # One thread claims, one waits for the recorder: the loop waits for neither.
        self._claimer = ThreadPoolExecutor(1, "claimer")
        self._answers = ThreadPoolExecutor(1, "answers")
        self._alone = ThreadPoolExecutor(ALONE_THREADS, "alone")
        self._checks: dict[asyncio.Task[None], Claim | None] = {}  # None: a one-off probe
        self._stalls = LoopStalls(self._loop)
        self._starts = StartQueue(self._loop, self._start_check)
        self._pace = ClaimPace()
        self._look_back = LookBack()
        self._woken = asyncio.Event()  # something is due now, or was edited
        self._results = ResultQueue(self._loop, exchange, self._clear)
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Say whether a drain session is under way."""
        return self._running.locked()

    @property
    def unable_since(self) -> datetime | None:
        """Since when no reference host answers, or no check can be made; None while one can."""
        return self._connectivity.unable_since if self._connectivity else None

    def stop(self) -> None:
        """End the running session soon and refuse further ones."""
        self._stopping.set()
        self._exchange.stop()
        self._look_now()

    def close(self) -> None:
        """Record checks that end soon, give back the others, and close the exchange."""
        if self._thread is not None and self._running.acquire(timeout=_SESSION_END_SECONDS):
            asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result()
        self._exchange.close()

    def drain(self, seconds: float = SESSION_SECONDS) -> bool:
        """Run due checks for a while; say whether to go on, which is so unless we stop.

        Returns at once when a session is already under way in this process.
        """
        if self._stopping.is_set() or not self._running.acquire(blocking=False):
            return False
        try:
            self._run_loop()
            session = asyncio.run_coroutine_threadsafe(self._session(seconds), self._loop)
            try:
                return session.result()
            finally:
                session.cancel()  # RQ may interrupt the wait
        finally:
            self._running.release()

    def _run_loop(self) -> None:
        """Start the loop at the first session; between sessions checks start all the same."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="checks", daemon=True
            )
            self._thread.start()
            self._exchange.start(self._look_now)

    def _look_now(self) -> None:
        self._loop.call_soon_threadsafe(self._woken.set)

    async def _session(self, seconds: float) -> bool:
        with StallGuard(self._loop):
            await self._claim_until(monotonic() + seconds)
        return not self._stopping.is_set()

    async def _finish(self) -> None:
        claims = self._starts.waiting()
        self._starts.drop(claims)
        if self._checks and not self._results.is_recorder_gone:
            await asyncio.wait(self._checks, timeout=_LAST_CHECKS_SECONDS)
        for task, claim in self._checks.items():
            # What runs in a process of its own is given back by whoever waits for that.
            if claim is not None and not self._exchange.runs_alone(claim):
                claims.append(claim)
            task.cancel()
        await self._results.finish()
        leases = [*map(Lease.of, claims), *map(Lease.of, self._results.waiting())]
        if leases:
            # Before its lease runs out nobody else would make a check that is not made here.
            with suppress(*self._exchange.away):
                await self._in(self._claimer, self._exchange.release, leases)

    async def _claim_until(self, end: float) -> None:
        if self._connectivity is None:
            self._connectivity = ConnectivityCheck(self._network_of(None), self._witness_targets)
        while not self._stopping.is_set() and monotonic() < end:
            room = await self._room()
            if room <= 0:
                continue
            began_at = monotonic()
            is_woken = self._woken.is_set()
            self._woken.clear()
            try:
                if is_woken:
                    self._look_back.woken()
                    await self._drop_void_claims()
                sleep_seconds = await self._claim_and_start(min(room, _CLAIM_BATCH))
            except self._exchange.away as error:
                log.warning("no claim is possible, checks wait", extra={"why": brief(error)})
                await asyncio.sleep(RETRY_SECONDS)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(began_at + sleep_seconds - monotonic()):
                    await self._woken.wait()

    async def _drop_void_claims(self) -> None:
        waiting = self._starts.waiting()
        if waiting:
            held = await self._in(self._claimer, self._exchange.still_leased, waiting)
            self._starts.drop(claim for claim in waiting if claim.lease_token not in held)

    async def _room(self) -> int:
        """Return how many checks may be started, after a short wait where that is not many."""
        enough = min(_CLAIM_AT_LEAST, self._concurrency)
        end = monotonic() + _ROOM_SECONDS
        while True:
            # What waits to be recorded holds memory, and it is long only if the database is away.
            backlog = max(0, len(self._results) - 2 * BATCH)
            room = self._concurrency - len(self._checks) - len(self._starts) - backlog
            if room >= enough or monotonic() >= end:
                return room
            await asyncio.sleep(_ROOM_SECONDS / 10)

    async def _claim_and_start(self, limit: int) -> float:
        """Start what is due, queue what soon will be; return in how many seconds to claim again."""
        claimed, tasks = await self._in(self._claimer, self._claim, limit)
        self._pace.saw([claim.snapshot for claim in claimed.claims], monotonic())
        now = self._exchange.now()
        for claim in claimed.claims:
            self._starts.add(claim, (claim.scheduled_for - now).total_seconds())
        for task in tasks:
            self._start(self._answer(task))
        self._write_leases()
        if len(claimed.claims) == limit:
            return 0.0
        due_at = claimed.next_due_at
        until_due = inf if due_at is None else (due_at - claimed.now).total_seconds()
        return self._pace.sleep_seconds(until_due, is_woken=self._exchange.is_woken)

    def _write_leases(self) -> None:
        """Write down what whoever is started next gives back, should this process be killed."""
        held: list[Claim | RecordedCheck] = [*self._starts.waiting(), *self._results.waiting()]
        held += filter(None, self._checks.values())
        lease_journal.write(list(map(Lease.of, held)))

    def _claim(self, limit: int) -> tuple[Claimed, list[ProbeTask]]:
        asked_at = monotonic()
        behind_seconds = self._look_back.seconds(asked_at)
        claimed, tasks = self._exchange.claim(limit, self._pace.ahead_seconds, behind_seconds)
        answered_at = asked_at + (claimed.claim_seconds or monotonic() - asked_at)
        self._look_back.claimed(asked_at, answered_at, is_full=len(claimed.claims) == limit)
        return claimed, tasks

    def _start_check(self, claim: Claim) -> None:
        self._start(self._check(claim), claim)

    def _start(self, work: Any, claim: Claim | None = None) -> None:
        task = self._loop.create_task(work)
        self._checks[task] = claim
        task.add_done_callback(self._checks.pop)

    async def _check(self, claim: Claim) -> None:
        checked_at = self._exchange.now()
        if self._exchange.rests(claim):
            observation = SET_ASIDE
        elif self._exchange.runs_alone(claim):
            lost = await self._in(self._alone, self._exchange.run_alone, claim)
            if lost is None:
                return
            observation = lost
        else:
            with work_journal.in_hand(WorkKind.CHECK, [self._exchange.journal_key(claim)]):
                observation = await self._observe(claim)
        self._results.add(claim, observation, checked_at)

    def _network_of(self, organization_id: UUID | None) -> Network:
        targets = self._exchange.targets(organization_id)
        if targets not in self._networks:
            self._networks[targets] = self._make_network(targets)
        return self._networks[targets]

    async def _observe(self, claim: Claim) -> Observation:
        if claim.snapshot.fault:
            return _misconfigured(claim.snapshot.fault)
        assert self._connectivity is not None
        target = claim.snapshot.target
        network = self._network_of(target.organization_id)
        observation, began_at = await self._stalls.observe(lambda: runner.run(target, network))
        return await self._connectivity.confirm(target, observation, began_at)

    async def _answer(self, task: ProbeTask) -> None:
        if task.fault:
            observation = _misconfigured(task.fault)
        else:
            network = self._network_of(task.target.organization_id)
            observation = await runner.run(task.target, network)
        await self._insist(self._answers, self._exchange.answer, task, observation)

    async def _clear(self, batch: list[RecordedCheck]) -> None:
        if self._exchange.has_suspects:
            await self._insist(self._claimer, self._exchange.recorded, batch)

    async def _insist(self, pool: ThreadPoolExecutor, function: Callable[..., T], *args: Any) -> T:
        """Call the exchange until it goes through; leases make a repetition harmless."""
        while True:
            try:
                return await self._in(pool, function, *args)
            except self._exchange.away as error:
                log.warning("no answer is possible, it waits", extra={"why": brief(error)})
                await asyncio.sleep(RETRY_SECONDS)

    def _in(self, pool: ThreadPoolExecutor, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        return self._loop.run_in_executor(pool, function, *args)


def _misconfigured(fault: str) -> Observation:
    kind = FailureKind.CONFIGURATION
    return Observation(Status.UNKNOWN, None, error=fault, failure_kind=kind)
