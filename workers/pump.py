"""A thread in every probe worker that gives the hints the scheduler gives, so either is enough.

While Redis is away no hint gets through at all; then the pump runs the drain session itself.
"""

import logging
import threading

from flask import Flask
from redis import RedisError

from app.operations import monitoring
from app.transaction import DATABASE_AWAY
from workers.engine import Engine

log = logging.getLogger(__name__)

_EVERY_SECONDS = 1.0
_PATIENCE = 2  # looks at overdue work with an idle engine before the pump helps itself


class Pump(threading.Thread):
    """Looks after an idle engine until it is stopped."""

    def __init__(self, app: Flask, region: str, engine: Engine) -> None:
        super().__init__(name="pump", daemon=True)
        self._app = app
        self._region = region
        self._engine = engine
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the thread after its current step."""
        self._stopped.set()

    def run(self) -> None:
        """Look every second whether due work lies about while the engine is idle."""
        ignored = 0
        while not self._stopped.wait(_EVERY_SECONDS):
            if self._engine.is_running or not self._is_anything_due():
                ignored = 0
                continue
            ignored += 1
            if not self._hint() or ignored > _PATIENCE:
                log.warning("no hint reaches this worker; checking without Redis")
                self._engine.drain()

    def _is_anything_due(self) -> bool:
        try:
            with self._app.app_context():
                return monitoring.anything_due(self._region)
        except DATABASE_AWAY:
            return False

    def _hint(self) -> bool:
        try:
            self._app.extensions["runtime"].hints.probes(self._region)
        except RedisError:
            return False
        return True
