"""Command of the scheduler process: `python -m scheduler`.

It owns no state: the ticks are installed at the start, again whenever Redis lost them or a new
region appeared, and a doubled tick is harmless. So it may be killed, started twice, or late.
"""

import gc

if __name__ == "__main__":
    gc.disable()  # what is imported stays: the collector would visit it again and again

import logging
import os
import signal
import sys
import threading
from math import inf
from types import FrameType

from flask import Flask
from redis import RedisError

from app.operations.checks import claim as checks_claim
from app.operations.checks import retention
from app.platform import shared_application
from app.platform.clock import monotonic
from app.platform.errors import ConfigError
from app.platform.process_end import leave
from app.platform.queue import Tick
from app.platform.transaction import DATABASE_AWAY
from scheduler.idle_ticks import IdleTicks
from scheduler.periodic import ticks

log = logging.getLogger("scheduler")

_POLL_SECONDS = 1.0
_LEEWAY_SECONDS = 0.01  # a wait may end a moment too early, and the next look is a second away
_INSTALL_SECONDS = 5.0
_RETRY_SECONDS = 1.0


def run(app: Flask, stopping: threading.Event) -> None:
    """Install the ticks and enqueue them as they fall due, until told to stop."""
    hints = app.extensions["runtime"].hints
    scheduler = hints.scheduler()
    idle = IdleTicks(app)
    regions: list[str] = []
    table: list[Tick] = []
    install_at = -inf
    while not stopping.is_set():
        try:
            if monotonic() >= install_at - _POLL_SECONDS:  # together with what is due
                regions = _regions(app, regions)
                table = ticks(regions)
                for job_id in hints.install(table):
                    log.info("tick installed", extra={"tick": job_id})
                install_at = monotonic() + _INSTALL_SECONDS
            found = scheduler.look(table)
            # The library's lock is not needed: ours is one ZADD, and doubled hints are harmless.
            for tick in idle.needed(found.due):
                scheduler.enqueue(tick)
                idle.enqueued(tick)
            scheduler.set_next(found.due)
            seconds = min(found.next_seconds, install_at - monotonic())
            stopping.wait(max(_POLL_SECONDS, seconds + _LEEWAY_SECONDS))
        except RedisError as error:
            log.warning("Redis is away", extra={"why": str(error)})
            install_at = -inf  # it may come back empty
            idle.forget()
            stopping.wait(_RETRY_SECONDS)


def _regions(app: Flask, known: list[str]) -> list[str]:
    try:
        with app.app_context():
            return checks_claim.scheduled_regions()
    except DATABASE_AWAY:
        return known


def _ensure_partitions(app: Flask) -> None:
    try:
        with app.app_context():
            retention.ensure_partitions()
    except DATABASE_AWAY as error:
        log.warning("database is away, partitions come later", extra={"why": str(error)})


def main(arguments: list[str]) -> int:
    """Run the scheduler until it is told to stop; return the exit code."""
    if arguments:
        print("usage: python -m scheduler", file=sys.stderr)  # noqa: T201
        return 2
    try:
        app = shared_application.application()
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return os.EX_CONFIG
    gc.freeze()
    gc.enable()
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    _ensure_partitions(app)
    log.info("scheduler started")
    run(app, stopping)
    log.info("scheduler stopped")
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
