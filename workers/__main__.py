"""Command of one worker: `python -m workers probes|notifications|background|metrics|remote`.

A probe worker serves the queue of its REGION with a warm engine, a notification worker the outbox
with a dispatcher, the background worker the ticks, the metrics worker those that may take minutes.
Each listens to one queue only: then RQ moves a job atomically instead of popping it. A remote one
is the agent of a location: it has no queue, and knows nothing but its server.
"""

import gc

if __name__ == "__main__":
    gc.disable()  # what is imported stays: the collector would visit it again and again

import logging
import os
import resource
import signal
import sys
import time
from functools import partial
from types import FrameType
from typing import Protocol

from flask import Flask
from redis import RedisError

import workers
from app.operations.alerts import open_alerts
from app.operations.checks import claim as checks_claim
from app.operations.health import quarantine, ticks
from app.operations.health.quarantine import WorkKind
from app.operations.heartbeats import sweep as heartbeat_sweep
from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import enqueue
from app.operations.notifications import results as delivery_results
from app.operations.self_monitoring import operators
from app.operations.status_pages import auto_incidents, maintenance_notices, snapshots
from app.platform import lease_journal, shared_application, work_journal
from app.platform.errors import ConfigError
from app.platform.process_end import leave
from app.platform.queue import BACKGROUND, METRICS, Worker, probe_queue
from app.platform.redis_client import connect
from app.platform.registry import import_modules
from app.platform.transaction import DATABASE_AWAY
from workers import escalations, heartbeats, notifications, probes, remote, status_pages
from workers.dispatcher import Dispatcher
from workers.engine import Engine
from workers.health_watch import HealthWatch
from workers.job import serve
from workers.watchdog import Watchdog

log = logging.getLogger("workers")

REMOTE = "remote"
# What most of the processes here ask again and again.
_READS = (
    quarantine.problem,
    ticks.problem,
    operators.recipients,
    open_alerts.are_any_open,
    heartbeat_sweep.due_for_seconds,
    outbox_claim.next_due_seconds,
    snapshots.due_for_seconds,
    auto_incidents.pages,
    maintenance_notices.pages,
    checks_claim.scheduled_regions,
    partial(checks_claim.anything_due, "default"),
)
# Pieces of work at the same time, under leases.
_TAKE_MANY = {"probes": WorkKind.CHECK, "notifications": WorkKind.MESSAGE}
_GIVE_BACK: dict[str, lease_journal.GiveBack] = {
    WorkKind.CHECK: checks_claim.give_back,
    WorkKind.MESSAGE: delivery_results.give_back,
}
KINDS = ("probes", "notifications", "background", "metrics", REMOTE)
_RECONNECT_SECONDS = 1.0


class Runs(Protocol):
    """Worker of one kind."""

    def run(self) -> None:
        """Work until it is told to stop."""


class _Process:
    """RQ's work loop, started again whenever Redis went away, until a signal says stop."""

    def __init__(self, app: Flask, kind: str, *, has_suspects: bool) -> None:
        config = app.extensions["runtime"].config
        self._redis_url = config.redis_url
        self._queue = BACKGROUND
        self._session: Engine | Dispatcher | None = None
        self._watchdog: Watchdog | None = None
        self._watch: HealthWatch | None = None
        if kind == "probes":
            self._queue = probe_queue(config.region)
            self._session = probes.start_engine(config.region, has_suspects=has_suspects)
            self._watchdog = Watchdog(app, probes.host(config.region))
        elif kind == "notifications":
            self._queue = enqueue.QUEUE
            self._session = notifications.start_dispatcher()
            self._watchdog = Watchdog(app, notifications.host())
        elif kind == "metrics":
            self._queue = METRICS
        else:
            # Heartbeats are evaluated, and status pages stay true, also while a job takes long or
            # Redis is away.
            self._watchdog = Watchdog(
                app, heartbeats.host(), status_pages.host(), escalations.host()
            )
        if kind in ("notifications", "background"):  # either is enough, should the other be ill
            self._watch = HealthWatch(app)
        self._worker: Worker | None = None
        self._stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        if self._watchdog:
            self._watchdog.start()
        if self._watch:
            self._watch.start()
        log.info("worker started", extra={"queue": self._queue})
        while not self._stopping:
            try:
                self._worker = Worker(self._queue, connect(self._redis_url, blocking=True))
                if not self._stopping:  # else the signal met no worker that it could stop
                    self._worker.run()
            except (RedisError, OSError) as error:  # the latter without descriptors, for one
                log.warning("Redis is away", extra={"why": str(error)})
            if not self._stopping:
                time.sleep(_RECONNECT_SECONDS)
        if self._watchdog:
            self._watchdog.stop()
        if self._watch:
            self._watch.stop()
        if isinstance(self._session, Engine):
            self._session.close()
        log.info("worker stopped", extra={"queue": self._queue})

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if self._session:
            self._session.stop()
        if self._worker:
            self._worker.stop_when_possible()


def _allow_many_sockets() -> None:
    """Raise the limit of open files: a thousand checks in flight need as many sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _spare_the_collector() -> None:
    # What was imported stays for good, and a probe worker makes hundreds of objects a check that
    # die at once: with the default thresholds the collector took a fifth of the worker's time.
    gc.freeze()
    gc.enable()
    gc.set_threshold(100_000, 50, 100)


def _take_over(app: Flask, kind: WorkKind) -> bool:
    """Note what processes before this one ended with, and give back the leases they held.

    What this one begins and holds is written down. Say whether any work is to be done alone. A
    recorder is forked afterwards, so no connection is left open.
    """
    has_suspects = False
    state_dir = app.extensions["runtime"].config.state_dir
    work_journal.open_for_process(state_dir)
    lease_journal.open_for_process(state_dir, kind)
    with app.app_context():
        try:
            # First: whoever claims them next is to do alone what may have ended the process.
            work_journal.take_left_behind(state_dir, quarantine.suspect)
            lease_journal.take_left_behind(state_dir, _GIVE_BACK)
            has_suspects = bool(quarantine.set_aside(kind))
        except DATABASE_AWAY as error:
            log.warning("database is away, journals wait", extra={"why": str(error)[:200]})
        shared_application.close_connections()
    return has_suspects


def _local(kind: str) -> _Process:
    app = shared_application.application()
    serve(app)
    has_suspects = kind in _TAKE_MANY and _take_over(app, _TAKE_MANY[kind])
    return _Process(app, kind, has_suspects=has_suspects)


def before_forks() -> None:
    """Make what each fork would make for itself, and import the jobs, which RQ finds by name."""
    import_modules(workers)
    shared_application.make(_READS)


def main(arguments: list[str]) -> int:
    """Run a worker until it is told to stop; return the exit code."""
    kind = arguments[0] if arguments else ""
    if kind not in KINDS or len(arguments) != 1:
        print(f"usage: python -m workers {'|'.join(KINDS)}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        process = remote.start() if kind == REMOTE else _local(kind)
        _allow_many_sockets()
        _spare_the_collector()
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return os.EX_CONFIG
    return run_to_the_end(process)


def run_to_the_end(process: Runs) -> int:
    """Run a worker and return its exit code.

    One that an error ends takes its interpreter with it at once: that would wait for the recorder,
    which waits for the worker, and nobody would start another.
    """
    try:
        process.run()
    except Exception:
        log.critical("the worker ended by an error", exc_info=True)
        logging.shutdown()
        os._exit(os.EX_SOFTWARE)
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
