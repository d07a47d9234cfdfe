"""Exchange of an engine: where its claims come from and where its results go.

There are two: the database of this installation, and a server over HTTPS (`workers/remote`).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.domain.types import Observation
from app.operations.accounts.reach import Targets
from app.operations.checks.claim import Claim, Claimed, Lease
from app.operations.recorded_check import RecordedCheck
from app.operations.services.one_off_checks import ProbeTask


class Exchange(Protocol):
    """Exchange of an engine with its server; but for `now` and questions on a claim, it blocks.

    Each function raises one of `away` while the other end cannot be reached, and is then tried
    again; leases make a repetition harmless.
    """

    @property
    def away(self) -> tuple[type[Exception], ...]:
        """Errors which say that the other end cannot be reached now."""

    @property
    def is_woken(self) -> bool:
        """Whether the engine is woken when something becomes due that was not."""

    @property
    def has_suspects(self) -> bool:
        """Whether `recorded` has anything to do."""

    def start(self, wake: Callable[[], object]) -> None:
        """Begin to listen, and call `wake` when something has become due."""

    def stop(self) -> None:
        """Listen no longer: no further claim is made."""

    def close(self) -> None:
        """Let go of what records, after the last session."""

    def now(self) -> datetime:
        """Return the time by the clock of due times, carried forward since the latest claim."""

    def claim(
        self, limit: int, ahead_seconds: float, behind_seconds: float | None
    ) -> tuple[Claimed, list[ProbeTask]]:
        """Return checks that are due or soon will be, and one-off probes."""

    def still_leased(self, claims: Sequence[Claim]) -> set[int]:
        """Return the lease tokens of those claims that are still ours."""

    def release(self, leases: Sequence[Lease]) -> None:
        """Give back checks that will not be made here."""

    def record(self, batch: Sequence[RecordedCheck], now: datetime) -> None:
        """Have a batch recorded. Raises RecorderGone."""

    def recorded(self, batch: Sequence[RecordedCheck]) -> None:
        """Forget what was held against checks whose results are stored."""

    def answer(self, task: ProbeTask, observation: Observation) -> None:
        """Leave the outcome of a one-off probe."""

    def targets(self, organization_id: UUID | None) -> Targets:
        """Return which addresses checks of an organization may reach."""

    def journal_key(self, claim: Claim) -> str:
        """Return what a check is called in the journal of what this process has in hand."""

    def rests(self, claim: Claim) -> bool:
        """Say whether a check is not to be run for now."""

    def runs_alone(self, claim: Claim) -> bool:
        """Say whether a check is to be run in a process of its own."""

    def run_alone(self, claim: Claim) -> Observation | None:
        """Run a check in a process of its own; return what is to be recorded, if anything."""
