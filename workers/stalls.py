"""Guard against a process that stalls: it writes its traces and ends, to be started anew.

The timer is a thread in C (`faulthandler`), so it also works while one long operation holds the
interpreter. There is one for each process.
"""

import asyncio
import faulthandler
import sys

STALL_SECONDS = 60.0
_EVERY_SECONDS = 5.0  # each time is a thread that ends and one that begins


class StallGuard:
    """Ends this process when its event loop has not turned for a minute."""

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


def end_unless_done(seconds: float) -> None:
    """End this process after so long, unless `done` is called or the time is set anew."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)


def done() -> None:
    """Let this process live on."""
    faulthandler.cancel_dump_traceback_later()
