"""Watchdog: a thread of a worker that gives the same hints as the scheduler; either is enough.

While Redis is away no hint gets through at all; then the watchdog runs the session itself.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from redis import RedisError

from app.platform.clock import monotonic
from app.platform.transaction import DATABASE_AWAY

log = logging.getLogger(__name__)

_PULSE_SECONDS = 5.0
_PATIENCE = 2  # looks at neglected work with an idle host before the watchdog helps itself


@dataclass(frozen=True, slots=True)
class Host:
    """Host of a watchdog: an engine or a dispatcher, as four functions."""

    is_running: Callable[[], bool]
    # How long what is due has waited, None while nothing is; within an application context.
    due_for_seconds: Callable[[], float | None]
    hint: Callable[[], None]  # within an application context
    run: Callable[[], object]
    pulse: Callable[[], None] | None = None  # within an application context
    neglected_after_seconds: float = 0.0  # where much is due all the time, each for a moment
    every_seconds: float = 1.0  # between two looks


class Watchdog(threading.Thread):
    """Looks after an idle host until it is stopped."""

    def __init__(self, app: Flask, host: Host) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._app = app
        self._host = host
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the thread after its current step."""
        self._stopped.set()

    def run(self) -> None:
        """Look again and again whether anything is due while the host is idle, and hint at it."""
        self._pulse()
        pulse_at = monotonic() + _PULSE_SECONDS
        ignored = 0
        while not self._stopped.wait(self._host.every_seconds):
            if monotonic() >= pulse_at:
                self._pulse()
                pulse_at = monotonic() + _PULSE_SECONDS
            due_for = None if self._host.is_running() else self._due_for_seconds()
            if due_for is None:
                ignored = 0
                continue
            ignored = ignored + 1 if due_for >= self._host.neglected_after_seconds else 0
            if not self._hint() or ignored > _PATIENCE:
                log.warning("no hint reaches this worker; working without Redis")
                self._host.run()

    def _pulse(self) -> None:
        if self._host.pulse is None:
            return
        try:
            with self._app.app_context():
                self._host.pulse()
        except (*DATABASE_AWAY, OSError) as error:
            log.debug("worker pulse not stored: %s", error)

    def _due_for_seconds(self) -> float | None:
        try:
            with self._app.app_context():
                return self._host.due_for_seconds()
        except (*DATABASE_AWAY, OSError):
            return None

    def _hint(self) -> bool:
        try:
            with self._app.app_context():
                self._host.hint()
        except (RedisError, OSError):
            return False
        return True
