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
_NEARLY = 0.1  # of the time between two looks
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


class _Watched:
    """Host and what the watchdog has seen of it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.look_at = monotonic() + host.every_seconds
        self._ignored = 0
        self._helper: threading.Thread | None = None

    def is_idle(self) -> bool:
        """Say whether neither the host itself nor the watchdog is at its work."""
        is_helped = self._helper is not None and self._helper.is_alive()
        return not is_helped and not self.host.is_running()

    def is_neglected(self, due_for: float | None) -> bool:
        """Take in how long what is due has waited; say whether hints have brought nothing."""
        if due_for is None:
            self._ignored = 0
            return False
        self._ignored = self._ignored + 1 if due_for >= self.host.neglected_after_seconds else 0
        return self._ignored > _PATIENCE

    def help(self) -> None:
        """Do the work in a thread of its own: the other hosts are looked after meanwhile."""
        self._helper = threading.Thread(target=self.host.run, name="watchdog's work", daemon=True)
        self._helper.start()


class Watchdog(threading.Thread):
    """Watchdog of idle hosts until it is stopped, all of them with one connection."""

    def __init__(self, app: Flask, *hosts: Host) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._app = app
        self._watched = [_Watched(host) for host in hosts]
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the thread after its current step."""
        self._stopped.set()

    def run(self) -> None:
        """Look again and again whether anything is due while its host is idle, and hint at it."""
        self._pulse()
        pulse_at = monotonic() + _PULSE_SECONDS
        while not self._stopped.wait(self._pause()):
            if monotonic() >= pulse_at:
                self._pulse()
                pulse_at = monotonic() + _PULSE_SECONDS
            for watched in self._watched:
                # What is nearly due is looked at as well: one wake-up for all.
                every = watched.host.every_seconds
                if monotonic() >= watched.look_at - _NEARLY * every:
                    self._look(watched)
                    watched.look_at = monotonic() + every

    def _pause(self) -> float:
        return max(0.0, min(one.look_at for one in self._watched) - monotonic())

    def _look(self, watched: _Watched) -> None:
        due_for = self._due_for_seconds(watched.host) if watched.is_idle() else None
        is_neglected = watched.is_neglected(due_for)
        if due_for is not None and (not self._hint(watched.host) or is_neglected):
            log.warning("no hint reaches this worker; working without Redis")
            watched.help()

    def _pulse(self) -> None:
        for pulse in (one.host.pulse for one in self._watched):
            if pulse is None:
                continue
            try:
                with self._app.app_context():
                    pulse()
            except (*DATABASE_AWAY, OSError) as error:
                log.debug("worker pulse not stored: %s", error)

    def _due_for_seconds(self, host: Host) -> float | None:
        try:
            with self._app.app_context():
                return host.due_for_seconds()
        except (*DATABASE_AWAY, OSError):
            return None

    def _hint(self, host: Host) -> bool:
        try:
            with self._app.app_context():
                host.hint()
        except (RedisError, OSError):
            return False
        return True
