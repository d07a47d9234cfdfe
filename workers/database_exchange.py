"""Exchange with the database of this installation."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask
from redis import RedisError

from app.domain.types import Observation
from app.operations.accounts.reach import AddressReach, Targets
from app.operations.checks import claim as checks_claim
from app.operations.checks.claim import Claim, Claimed, Lease
from app.operations.recorded_check import RecordedCheck, quarantine_key
from app.operations.services import one_off_checks
from app.operations.services.one_off_checks import ProbeTask
from app.platform.bootstrap import Runtime
from app.platform.clock import monotonic
from app.platform.transaction import DATABASE_AWAY
from workers.check_quarantine import CheckQuarantine
from workers.database_clock import DatabaseClock
from workers.isolation import AloneRunner, WorkServer
from workers.recorder import Recorder
from workers.wake import WakeListener

T = TypeVar("T")

_TASKS = 20


class DatabaseExchange:
    """Claims and records of one region by transactions of our own; woken over Redis."""

    def __init__(
        self, app: Flask, region: str, recorder: Recorder, alone: WorkServer | None = None
    ) -> None:
        self._app = app
        self._region = region
        self._recorder = recorder
        self._runtime: Runtime = app.extensions["runtime"]
        self._reach = AddressReach(self._runtime.config)
        self._quarantine = CheckQuarantine()
        self._alone = AloneRunner("check", alone)
        self._clock = DatabaseClock()
        self._listener: WakeListener | None = None
        self._is_stopped = False

    away = DATABASE_AWAY

    @property
    def is_woken(self) -> bool:
        """Whether Redis wakes the engine."""
        return self._listener is not None and self._listener.is_subscribed

    @property
    def has_suspects(self) -> bool:
        """Whether any check of this process was lost before."""
        return self._quarantine.has_suspects

    def start(self, wake: Callable[[], object]) -> None:
        """Listen for what becomes due."""

        def heard() -> None:
            if self._is_stopped:  # it was for somebody who goes on
                self._runtime.hints.wake(self._region)
            wake()

        self._listener = WakeListener(self._runtime.config.redis_url, self._region, heard)
        self._listener.start()

    def stop(self) -> None:
        """End what runs alone, and the listening thread after its current wait."""
        self._is_stopped = True
        self._alone.close()
        if self._listener is not None:
            self._listener.stop()

    def close(self) -> None:
        """Let the recorder finish its batch and end."""
        self._recorder.close()

    def now(self) -> datetime:
        """Return the database's time, carried forward since the latest claim."""
        return self._clock.now(monotonic())

    def claim(
        self, limit: int, ahead_seconds: float, behind_seconds: float | None
    ) -> tuple[Claimed, list[ProbeTask]]:
        """Return checks that are due or soon will be, and one-off probes."""
        return self._in_context(self._claim, limit, ahead_seconds, behind_seconds)

    def _claim(
        self, limit: int, ahead_seconds: float, behind_seconds: float | None
    ) -> tuple[Claimed, list[ProbeTask]]:
        asked_at = monotonic()
        claimed = checks_claim.claim(
            self._region, limit, ahead_seconds=ahead_seconds, behind_seconds=behind_seconds
        )
        self._clock.read(claimed.now, asked_at, monotonic())
        self._quarantine.refresh(claimed.claims)
        self._reach.refresh()
        if not claimed.has_requests:
            return claimed, []
        return claimed, one_off_checks.claim(self._region, _TASKS)

    def still_leased(self, claims: Sequence[Claim]) -> set[int]:
        """Return the lease tokens of those claims that are still ours."""
        return self._in_context(checks_claim.still_leased, claims)

    def release(self, leases: Sequence[Lease]) -> None:
        """Give back checks that will not be made here, and wake whoever is left."""
        self._in_context(checks_claim.release, leases)
        with suppress(RedisError):  # whoever is left looks by itself, a little later
            self._runtime.hints.wake(self._region)

    def record(self, batch: Sequence[RecordedCheck], now: datetime) -> None:
        """Hand a batch to the recorder, and wait until it is stored. Raises RecorderGone."""
        self._recorder.record(batch, now)

    def recorded(self, batch: Sequence[RecordedCheck]) -> None:
        """Forget what was held against checks whose results are stored."""
        keys = {quarantine_key(check.service_id, check.region) for check in batch}
        self._in_context(self._quarantine.recorded, keys)

    def answer(self, task: ProbeTask, observation: Observation) -> None:
        """Leave the outcome of a one-off probe."""
        self._in_context(one_off_checks.answer, task.id, observation)

    def targets(self, organization_id: UUID | None) -> Targets:
        """Return which addresses checks of an organization may reach."""
        return self._reach.targets(organization_id)

    def journal_key(self, claim: Claim) -> str:
        """Return what a check is called in the quarantine."""
        return claim.key

    def rests(self, claim: Claim) -> bool:
        """Say whether a check is set aside for now."""
        return self._quarantine.rests(claim)

    def runs_alone(self, claim: Claim) -> bool:
        """Say whether a check is to be run in a process of its own."""
        return self._quarantine.runs_alone(claim)

    def run_alone(self, claim: Claim) -> Observation | None:
        """Run and record a check in a process of its own; return what to record if it was lost."""
        return self._quarantine.run_alone(claim, self._alone, self._in_context)

    def _in_context(self, function: Callable[..., T], *args: Any) -> T:
        with self._app.app_context():
            return function(*args)
