"""Pace of answers: a flood of requests is spread out, so that it leaves the processor to others."""

import threading
import time

from app.platform.clock import monotonic


class Pace:
    """Pace of so many turns a second, each after the one before; safe for many threads.

    The generic cell rate algorithm (ITU-T I.371): who comes within `burst_seconds` of a quiet time
    does not wait.
    """

    def __init__(self, per_second: float, burst_seconds: float = 0.1) -> None:
        self._step = 1 / per_second
        self._burst_seconds = burst_seconds
        self._lock = threading.Lock()
        self._next_at = 0.0

    def delay(self, now: float) -> float:
        """Take the next turn; return in how many seconds it comes."""
        with self._lock:
            self._next_at = max(self._next_at, now - self._burst_seconds) + self._step
            return max(0.0, self._next_at - now)

    def wait(self) -> None:
        """Take the next turn, and wait for it."""
        delay = self.delay(monotonic())
        if delay > 0:
            time.sleep(delay)
