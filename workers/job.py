"""What every job shares: an application context, log fields, and no exception unlogged."""

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import Flask

from app.platform import logs

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger("workers")

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
