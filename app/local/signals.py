"""Waiting that ends early: on Ctrl-C, SIGTERM, a dead child, or a parent that is gone."""

import os
import select
import signal
import socket
import time
from types import FrameType, TracebackType

# `make` hands a SIGTERM on that the whole process group has had already: that is one request.
SAME_REQUEST_SECONDS = 0.5
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):
    """Request to stop while we are still starting."""


class StopSignals:
    """Counter of requests to stop. Nothing is done in the handlers, so nothing is interrupted:
    every loop of the launcher asks here."""

    def __init__(self, follow_parent: bool = False) -> None:
        self.count = 0
        self._counted_at = 0.0
        self._parent = os.getppid() if follow_parent else None
        self._reader, self._writer = socket.socketpair()

    def wait(self, seconds: float) -> None:
        """Sleep until the time is over or any signal arrives."""
        readable, _, _ = select.select([self._reader], [], [], seconds)
        if readable:
            self._reader.recv(4096)
        if self._parent is not None and os.getppid() != self._parent:
            self._parent = None
            self.count = max(self.count, 1)

    def pause(self, seconds: float) -> None:
        """Like `wait`, for the time of the start: raises StopRequested."""
        self.wait(seconds)
        if self.count:
            raise StopRequested

    def __enter__(self) -> "StopSignals":
        for each in (self._reader, self._writer):
            each.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _notice)
        for number in STOPPING:
            ignored = signal.getsignal(number) == signal.SIG_IGN
            if not (ignored and number == signal.SIGHUP):  # nohup ignores SIGHUP: so do we
                signal.signal(number, self._count)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, *STOPPING):
            signal.signal(number, signal.SIG_DFL)
        self._reader.close()
        self._writer.close()

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.count == 0 or now - self._counted_at > SAME_REQUEST_SECONDS:
            self.count += 1
            self._counted_at = now


def _notice(_number: int, _frame: FrameType | None) -> None:
    """A child ended; the wake-up descriptor has already said so."""
