"""Bound on what a client of the live feed sends: it has a few wishes, and answers our pings.

Each frame is read in Python, a few dozen microseconds of the one thread that serves everybody. A
client that sends frames without end would leave the others little of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from simple_websocket import Server

from app.platform.clock import monotonic

BURST = 100
A_SECOND = 10.0


class FrameBudget:
    """Bucket of frames that a client may send; it fills again with time."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._at = clock()

    def take(self) -> bool:
        """Count a frame; False when it is one too many."""
        now = self._clock()
        self._left = min(float(BURST), self._left + (now - self._at) * A_SECOND) - 1
        self._at = now
        return self._left >= 0


def bound(server: Server, refuse: Callable[[], object]) -> None:
    """Let a connection read so many frames, then `refuse` and drop it, what it sent unread."""
    budget, read = FrameBudget(), server.ws.events

    def events() -> Iterator[Any]:
        for event in read():
            if not budget.take():
                refuse()
                raise ConnectionResetError
            yield event

    server.ws.events = events
