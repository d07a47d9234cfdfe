"""Base of every job: an application context, log fields, and no exception unlogged."""

import functools
import logging
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import Flask

from app.operations.health import quarantine, ticks
from app.operations.health.quarantine import WorkKind
from app.platform import logs
from workers import stalls
from workers.isolation import LostAloneError, run_job_alone

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger("workers")

_JOB_SECONDS = ticks.TICK_SECONDS + 15.0  # RQ interrupts it before, where it can

_application: Flask | None = None


def serve(app: Flask) -> None:
    """Make this process' jobs run within an application."""
    global _application
    _application = app


def application() -> Flask:
    """Return the application of this process."""
    if _application is None:
        raise RuntimeError("jobs run inside a worker: python -m workers")
    return _application


def job(function: Callable[P, T]) -> Callable[P, T]:
    """Mark a function as a job: it runs in an application context, and a failure is logged."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with application().app_context():
            logs.clear()
            logs.bind(job=f"{function.__module__}.{function.__name__}")
            try:
                return function(*args, **kwargs)
            except Exception:
                log.exception("job failed; the next tick tries again")
                raise

    return run


def periodic_job(
    seconds: float = _JOB_SECONDS,
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Mark a function as a periodic job: one whose runs are written down.

    A job that ended its process is done alone in a process of its own, its rows one by one. A row
    that ends that process is set aside for an hour after three losses, else the job itself is; the
    others go on.

    `seconds` is what it may take at most; then its process is ended.
    """

    def mark(function: Callable[[], None]) -> Callable[[], None]:
        name = f"{function.__module__}.{function.__name__}"

        @functools.wraps(function)
        def run() -> None:
            _run_job(name, function, seconds)

        # What `workers.alone` calls is the function itself, not the job that notes its runs.
        marked = job(run)
        marked.__wrapped__ = function  # type: ignore[attr-defined]
        return marked

    return mark


def _run_job(name: str, function: Callable[[], None], seconds: float) -> None:
    turn = ticks.begin(name, seconds)
    if turn.rests:
        return
    if turn.losses:  # it was the one thing in hand
        _run_alone(name, seconds)
        return
    stalls.end_unless_done(seconds)
    try:
        function()
    except Exception:
        ticks.fail(name, traceback.format_exc())
        raise
    finally:
        stalls.done()
    ticks.finish(name)


def _run_alone(name: str, seconds: float) -> None:
    try:
        run_job_alone(name, seconds)
    except LostAloneError as error:
        log.error("a periodic job ended its process", extra={"job": name, "why": str(error)})
        if not error.in_hand:
            ticks.lose(name, str(error))
            return
        # One row is to blame: it is set aside, not the job, which does the others' as well.
        for kind, key in error.in_hand:
            quarantine.count_failure(WorkKind(kind), key, str(error), ends_process=True)
        ticks.fail(name, str(error))
    else:
        ticks.finish(name)
