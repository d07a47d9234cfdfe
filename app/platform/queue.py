"""The only door to RQ and rq-scheduler. Jobs are hints: "there may be work"; rows say what it is.

Jobs are named by their path, so `app` never imports `workers`. JSON, never pickle.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from redis import Redis
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler

BACKGROUND = "background"
METRICS = "metrics"  # long work on figures, which nothing urgent waits behind
DRAIN_JOB = "workers.probes.drain"
DRAIN_TIMEOUT_SECONDS = 240
_FAILURE_TTL_SECONDS = 3600
_WAKE_TTL_SECONDS = 5
_SOON_SECONDS = 1  # after which a tick that has just been installed is due
_REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Tick:
    """A periodic job: rq-scheduler enqueues it again and again; running it twice is harmless.

    `finds_work` says whether the job would find anything to do (None: it always might); while it
    would not, it is enqueued every `idle_seconds` only, which proves that it could run.
    """

    job: str
    every_seconds: int
    queue: str = BACKGROUND
    args: tuple[Any, ...] = ()
    timeout_seconds: int = 60
    finds_work: Callable[[], bool] | None = None
    idle_seconds: int = 60

    @property
    def job_id(self) -> str:
        """A name made of the definition, so that a changed tick replaces the old one."""
        parts = (self.job, *map(str, self.args), f"every-{self.every_seconds}s")
        return "-".join(parts).replace(".", "-")


def probe_queue(region: str) -> str:
    """Return the name of a region's queue of drain sessions."""
    return "probes" if region == "default" else f"probes.{region}"


def _wake_key(region: str) -> str:
    return f"wake:{probe_queue(region)}"


def wait_for_wake(redis: Redis, region: str, seconds: float) -> bool:
    """Wait until a worker of a region is woken; say whether it was. Raises redis errors.

    The client must be a blocking one.
    """
    return redis.blpop([_wake_key(region)], timeout=seconds) is not None


class Hints:
    """Queue of hints, with the ticks that it installs."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def queue(self, name: str) -> Queue:
        """Return one RQ queue."""
        return Queue(name, connection=self.redis, serializer=JSONSerializer)

    def depths(self) -> dict[str, int]:
        """Return how many jobs wait in each queue there is. Raises redis errors."""
        queues = Queue.all(connection=self.redis, serializer=JSONSerializer)
        return {queue.name: queue.count for queue in queues}

    def work(
        self, job: str, *args: Any, queue: str = BACKGROUND, timeout_seconds: int = 60
    ) -> None:
        """Say that there may be work for a job. Raises redis errors when Redis is away."""
        self.queue(queue).enqueue(
            job,
            args=args,
            job_timeout=timeout_seconds,
            result_ttl=0,
            failure_ttl=_FAILURE_TTL_SECONDS,
        )

    def probes(self, region: str) -> None:
        """Ask for a drain session of a region, unless one is already waiting to start."""
        name = probe_queue(region)
        if self.queue(name).count == 0:
            self.work(DRAIN_JOB, region, queue=name, timeout_seconds=DRAIN_TIMEOUT_SECONDS)

        self.wake(region)

    def wake(self, region: str) -> None:
        """Have a worker of a region that is running look for due work now, not at its next turn."""
        key = _wake_key(region)
        pipeline = self.redis.pipeline(transaction=False)
        pipeline.lpush(key, 1)
        pipeline.ltrim(key, 0, 0)
        pipeline.expire(key, _WAKE_TTL_SECONDS)
        pipeline.execute()

    def install(self, ticks: Sequence[Tick]) -> list[str]:
        """Make rq-scheduler hold exactly these ticks; return the ids of those that were missing."""
        scheduler = self.scheduler()
        wanted = {tick.job_id: tick for tick in ticks}
        present = self.installed()
        for job_id in present - wanted.keys():
            scheduler.cancel(job_id)
        missing = [job_id for job_id in wanted if job_id not in present]
        for job_id in missing:
            tick = wanted[job_id]
            # result_ttl must stay at rq-scheduler's own default: with 0 the job would run once,
            # be deleted with its result, and vanish from the schedule.
            scheduler.schedule(
                scheduled_time=datetime.now(UTC).replace(tzinfo=None)
                + timedelta(seconds=_SOON_SECONDS),
                func=tick.job,
                args=list(tick.args),
                interval=tick.every_seconds,
                repeat=None,
                id=job_id,
                timeout=tick.timeout_seconds,
                queue_name=tick.queue,
            )
        return missing

    def installed(self) -> set[str]:
        """Return the ids of the ticks that rq-scheduler holds. Raises redis errors."""
        # The library would fetch job by job, at each look of the scheduler.
        found: list[bytes] = self.redis.zrange(Scheduler.scheduled_jobs_key, 0, -1)  # type: ignore[assignment]
        ids = [id.decode() for id in found]
        if not ids or self.redis.exists(*map(Job.key_for, ids)) == len(ids):
            return set(ids)
        pipeline = self.redis.pipeline(transaction=False)
        for id in ids:
            pipeline.exists(Job.key_for(id))
        return {id for id, is_there in zip(ids, pipeline.execute(), strict=True) if is_there}

    def rehearse(self, rounds: int) -> None:
        """Enqueue and run some jobs that do nothing. Raises redis errors."""
        queue = self.queue(_REHEARSAL)
        for _ in range(rounds):
            self.work("time.monotonic", queue=_REHEARSAL)
        _Rehearsal(_REHEARSAL, self.redis).run()
        queue.delete()

    def scheduler(self) -> "TickScheduler":
        """Return rq-scheduler over our queues."""
        return TickScheduler(connection=self.redis, job_class=JsonJob)


class JsonJob(Job):
    """A job whose arguments are JSON also where a library would default to pickle."""

    def __init__(self, id: str | None = None, connection: Any = None, serializer: Any = None):
        super().__init__(id, connection=connection, serializer=JSONSerializer)


class DueTicks(NamedTuple):
    """Ticks whose time has come, and in how many seconds that of the next one comes."""

    due: list[Tick]
    next_seconds: float


class TickScheduler(Scheduler):  # type: ignore[misc]
    """rq-scheduler for ticks that survives a kill between its steps.

    The library re-enqueues the very same job id (which piles up while workers are down and mixes
    the state of a running job), and takes a job off the schedule before putting it back (a kill
    between the two loses it for ever). Here a tick enqueues a fresh job unless one is waiting, and
    is never off the schedule: its next time is set after that, by one ZADD for all that are due.
    """

    def look(self, ticks: Sequence[Tick]) -> DueTicks:
        """Return which of the ticks are due. Raises redis errors.

        One whose time is further away than its interval is due as well: the clock was set back.
        """
        now = time.time()
        times = dict(self.connection.zrange(self.scheduled_jobs_key, 0, -1, withscores=True))
        due, seconds = [], math.inf
        for tick in ticks:
            at = times.get(tick.job_id.encode())
            if at is None:
                continue
            if now < at <= now + tick.every_seconds + _SOON_SECONDS:
                seconds = min(seconds, at - now)
            else:
                due.append(tick)
        return DueTicks(due, seconds)

    def enqueue(self, tick: Tick) -> None:
        """Enqueue one hint of a due tick, unless one is waiting. Raises redis errors."""
        queue = Queue(tick.queue, connection=self.connection, serializer=JSONSerializer)
        if not any(waiting.startswith(tick.job_id) for waiting in queue.get_job_ids(0, 100)):
            queue.enqueue(
                tick.job,
                args=tick.args,
                job_id=f"{tick.job_id}-{uuid4().hex}",
                job_timeout=tick.timeout_seconds,
                result_ttl=0,
                failure_ttl=_FAILURE_TTL_SECONDS,
            )

    def set_next(self, ticks: Sequence[Tick]) -> None:
        """Set when ticks that were due are due again. Raises redis errors.

        Their times lie on a grid, so that those of many come together: one look for all.
        """
        if ticks:
            now = int(time.time())
            times = {
                tick.job_id: (now // tick.every_seconds + 1) * tick.every_seconds for tick in ticks
            }
            self.connection.zadd(self.scheduled_jobs_key, times)


class Worker(SimpleWorker):
    """RQ's in-process worker: a drain session needs a warm process, not a fork per job."""

    max_connection_wait_time = 2  # seconds; the library's minute is too long to notice Redis again
    _is_burst = False  # whether it ends when the queue is empty

    def __init__(self, queue: str, redis: Redis) -> None:
        super().__init__(
            [Queue(queue, connection=redis, serializer=JSONSerializer)],
            connection=redis,
            serializer=JSONSerializer,
            worker_ttl=30,
            maintenance_interval=300,  # of registries, which bring no work back here
            log_job_description=False,
        )
        self._is_working = self._executing = False

    def run(self) -> None:
        """Work until told to stop, which may have been before the first job."""
        with suppress(StopRequested):
            self._is_working = True
            if not self._stop_requested:
                self.work(logging_level=None, burst=self._is_burst)
        self._is_working = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job, and remember for `stop_when_possible` that it is under way."""
        self._executing = True
        try:
            super().execute_job(job, queue)
        finally:
            self._executing = False

    def stop_when_possible(self) -> None:
        """End the work loop: at once when idle, else after the job. For a signal handler.

        Raises StopRequested to interrupt the wait for a job, within `run`.
        """
        self._stop_requested = True
        if self._is_working and not self._executing:
            raise StopRequested

    def procline(self, message: str) -> None:
        """Leave the name of the process alone: it says which worker this is, not what RQ does."""

    def _install_signal_handlers(self) -> None:
        """Leave the signals to the process, which has an engine to stop as well."""


class _Rehearsal(Worker):
    """Worker that empties its queue, without the thread that hears commands: forks are to come."""

    _is_burst = True

    @property
    def connection_timeout(self) -> int:
        """Return 0: the library lengthens the timeouts of the client, which the forks share."""
        return 0

    def subscribe(self) -> None:
        """Hear no commands."""

    def unsubscribe(self) -> None:
        """End what was not begun."""
