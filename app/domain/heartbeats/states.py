"""State of a heartbeat: how it is set up, where it is, and what changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.heartbeats.schedules import Schedule

MAX_OPEN_RUNS = 100
FORGET_RUNS_AFTER = timedelta(hours=72)  # an overdue run is not paired with an end after this
_LEAST_LEEWAY_SECONDS = 60


class HeartbeatStatus(StrEnum):
    """Status of a heartbeat."""

    HEALTHY = "healthy"
    RUNNING = "running"  # a run has started and not ended
    LATE = "late"  # due, inside the grace
    MISSED = "missed"  # past the grace, or a run past its time
    FAILED = "failed"  # the job said so, or broke one of its limits
    PAUSED = "paused"

    @property
    def is_down(self) -> bool:
        """Say whether an alert stands for this status."""
        return self in (HeartbeatStatus.MISSED, HeartbeatStatus.FAILED)


class PingKind(StrEnum):
    """Kind of a ping."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Settings of a heartbeat; None: no such limit."""

    schedule: Schedule
    grace_seconds: int = 300
    max_runtime_seconds: int | None = None  # from a start to its end, while it runs
    min_interval_seconds: int | None = None  # from one success to the next
    min_duration_seconds: float | None = None  # of a run that has ended
    max_duration_seconds: float | None = None

    @property
    def grace(self) -> timedelta:
        """Return how long after its time a ping is still accepted."""
        return timedelta(seconds=self.grace_seconds)

    @property
    def leeway(self) -> timedelta:
        """Return how long before its time a ping may come as well: clocks differ."""
        return timedelta(seconds=max(self.grace_seconds, _LEAST_LEEWAY_SECONDS))


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping received. Runs that overlap are told apart by `run_id`."""

    at: datetime
    kind: PingKind
    exit_status: int | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has started and not ended."""

    run_id: str | None
    started_at: datetime
    due_at: datetime  # after `max_runtime_seconds`, else with the grace of the next ping
    is_overdue: bool = False  # past its time, and said so; it holds nothing up any longer


@dataclass(frozen=True, slots=True)
class HeartbeatState:
    """State of a heartbeat. Times are kept, not derived, so that a due time is a column."""

    status: HeartbeatStatus
    basis_at: datetime  # last success or failure, else creation, resume, end of a gap of ours
    expected_at: datetime  # what follows `basis_at` on the schedule
    miss_at: datetime  # `expected_at` and the grace, or later while a run is on its way
    runs: tuple[OpenRun, ...] = ()  # oldest first
    is_extended: bool = False  # a start has moved `miss_at`; until a run ends no other one may
    last_success_at: datetime | None = None
    reason: str | None = None  # why it is late, missed or failed

    @property
    def live_runs(self) -> tuple[OpenRun, ...]:
        """Return the runs that may still end in time."""
        return tuple(run for run in self.runs if not run.is_overdue)


@dataclass(frozen=True, slots=True)
class Flip:
    """A change of status, at the time it was due and not when it was noticed."""

    at: datetime
    before: HeartbeatStatus
    after: HeartbeatStatus
    reason: str | None


@dataclass(frozen=True, slots=True)
class HeartbeatUpdate:
    """Outcome of a ping, or of the passing of time, for a heartbeat."""

    state: HeartbeatState
    flip: Flip | None = None
    duration_ms: float | None = None  # of the run that a ping ended
