"""Stalls of a process: one that lasts is ended with its traces written, to be started anew.

The timer of that is a thread in C (`faulthandler`), so it also works while one long operation holds
the interpreter. There is one for each process.
"""

import asyncio
import faulthandler
import logging
import sys
from collections.abc import Awaitable, Callable

from app.domain.types import Observation, Status
from app.platform.clock import monotonic

log = logging.getLogger(__name__)

STALL_SECONDS = 60.0
_EVERY_SECONDS = 5.0  # each time is a thread that ends and one that begins
_LOOK_SECONDS = 0.25
_NOTED_SECONDS = 1.0  # a busy machine keeps a loop waiting for less


class StallGuard:
    """Guard that ends this process when its event loop has not turned for a minute."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float = STALL_SECONDS) -> None:
        self._loop = loop
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self._turn()

    def __exit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()
        faulthandler.cancel_dump_traceback_later()

    def _turn(self) -> None:
        end_unless_done(self._seconds)
        self._timer = self._loop.call_later(_EVERY_SECONDS, self._turn)


class LoopStalls:
    """Stalls of an event loop: its process was stopped, or something held it up, for a second.

    What came meanwhile is seen afterwards, all at once, and timeouts first: those say nothing.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._looked_at: float | None = None  # None: nobody looks, as no check is under way
        self._under_way = 0
        self._ended_at = float("-inf")

    async def observe(
        self, check: Callable[[], Awaitable[Observation]]
    ) -> tuple[Observation, float]:
        """Return what a check observes, and when it began, by the monotonic clock.

        One that did not pass while the loop stalled is made again, once: on a machine that is busy
        all the time checks are late, but not without end.
        """
        self._under_way += 1
        try:
            if self._looked_at is None:
                self._look()
            began_at = monotonic()
            observation = await check()
            self._note()
            if observation.status is not Status.GREEN and self._ended_at > began_at:
                log.warning("made again, as this process stalled", extra={"why": observation.error})
                began_at = monotonic()
                observation = await check()
            return observation, began_at
        finally:
            self._under_way -= 1

    def _look(self) -> None:
        if not self._under_way:  # a loop without checks is woken for nothing
            self._looked_at = None
            return
        self._note()
        self._loop.call_later(_LOOK_SECONDS, self._look)

    def _note(self) -> None:
        now = monotonic()
        if self._looked_at is not None and now - self._looked_at > _LOOK_SECONDS + _NOTED_SECONDS:
            self._ended_at = now
        self._looked_at = now


def end_unless_done(seconds: float) -> None:
    """End this process after so long, unless `done` is called or the time is set anew."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)


def done() -> None:
    """Let this process live on."""
    faulthandler.cancel_dump_traceback_later()
