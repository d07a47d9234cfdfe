"""A thread in a worker that gives the hints the scheduler gives, so that either is enough.

While Redis is away no hint gets through at all; then the watchdog runs the session itself.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from redis import RedisError

from app.platform.transaction import DATABASE_AWAY

log = logging.getLogger(__name__)

_EVERY_SECONDS = 1.0
_PULSE_ROUNDS = 5
_PATIENCE = 2  # looks at overdue work with an idle host before the watchdog helps itself


@dataclass(frozen=True, slots=True)
class Host:
    """Host of a watchdog: an engine or a dispatcher, as four functions."""

    is_running: Callable[[], bool]
    is_anything_due: Callable[[], bool]  # within an application context
    hint: Callable[[], None]  # within an application context
    run: Callable[[], object]
    pulse: Callable[[], None] | None = None  # within an application context


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
        """Look every second whether due work lies about while the host is idle."""
        self._pulse()
        ignored = rounds = 0
        while not self._stopped.wait(_EVERY_SECONDS):
            rounds += 1
            if rounds % _PULSE_ROUNDS == 0:
                self._pulse()
            if self._host.is_running() or not self._is_anything_due():
                ignored = 0
                continue
            ignored += 1
            if not self._hint() or ignored > _PATIENCE:
                log.warning("no hint reaches this worker; working without Redis")
                self._host.run()

    def _pulse(self) -> None:
        if self._host.pulse is None:
            return
        try:
            with self._app.app_context():
                self._host.pulse()
        except DATABASE_AWAY as error:
            log.debug("worker pulse not stored: %s", error)

    def _is_anything_due(self) -> bool:
        try:
            with self._app.app_context():
                return self._host.is_anything_due()
        except DATABASE_AWAY:
            return False

    def _hint(self) -> bool:
        try:
            with self._app.app_context():
                self._host.hint()
        except RedisError:
            return False
        return True
