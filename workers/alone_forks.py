"""Forks that do one piece of work each, some at once; how each of them ended."""

import os
import signal
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from app.domain.messages.text import both_ends
from app.platform import scratch
from app.platform.transaction import DATABASE_AWAY, refusal

AT_ONCE = 8
# In place of a trace: the database was away, for which the work is not to blame.
EXCUSED = ""
ABORT_SECONDS = 2.0  # for the traces of a process that stalls
_POLL_SECONDS = 0.01
_MAX_TRACE = 4000


def each(do: Callable[[Any], None], works: Sequence[Any], seconds: float) -> list[str | None]:
    """Do each piece of work in a fork of its own; return None or a trace for each, in order.

    EXCUSED stands for a trace where the database was away. `seconds` is what each may take. This
    process has one thread, so that it may fork.
    """
    traces: list[str | None] = [None] * len(works)
    waiting, running = deque(enumerate(works)), dict[int, _Fork]()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            index, work = waiting.popleft()
            running[index] = _Fork(do, work, seconds)
        for index, fork in list(running.items()):
            if fork.has_ended():
                traces[index] = fork.trace()
                del running[index]
        time.sleep(_POLL_SECONDS)
    return traces


def ended(code: int) -> str:
    """Return how a process ended, in words: `code` is negative for a signal."""
    if code >= 0:
        return f"its process ended with code {code}"
    if -code == signal.SIGABRT:
        return "its process stalled"
    return f"its process was ended by signal {-code}"


def ended_with_trace(code: int, written: BinaryIO) -> str:
    """Return how a process ended, with the end of what it wrote."""
    written.seek(0)
    text = written.read().decode("utf-8", "replace").partition("\n\nExtension modules:")[0]
    return f"{ended(code)}\n{both_ends(text, _MAX_TRACE)}".strip()


def stop(pid: int) -> None:
    """End a process that stalls: faulthandler writes what every thread was doing."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGABRT)


class _Fork:
    def __init__(self, do: Callable[[Any], None], work: Any, seconds: float) -> None:
        self._written = tempfile.TemporaryFile(  # noqa: SIM115  closed with its trace
            dir=scratch.folder()
        )
        self._stop_at = time.monotonic() + seconds
        self._is_stopped = False
        self._code = 0
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            self._child(do, work)

    def _child(self, do: Callable[[Any], None], work: Any) -> None:
        code = 1
        try:
            os.dup2(self._written.fileno(), 1)
            os.dup2(self._written.fileno(), 2)
            do(work)
            code = 0
        except BaseException as error:
            if isinstance(error, DATABASE_AWAY) and refusal(error) is None:
                code = os.EX_TEMPFAIL
            os.write(2, traceback.format_exc().encode("utf-8", "replace"))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # whatever threads it has

    def has_ended(self) -> bool:
        """Say whether it has; one over its time is stopped, then killed."""
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid:
            self._code = os.waitstatus_to_exitcode(status)
            return True
        if time.monotonic() > self._stop_at:
            if self._is_stopped:
                os.kill(self._pid, signal.SIGKILL)
            else:
                stop(self._pid)
            self._is_stopped = True
            self._stop_at = time.monotonic() + ABORT_SECONDS
        return False

    def trace(self) -> str | None:
        with self._written as file:
            if self._code == 0:
                return None
            if self._code == os.EX_TEMPFAIL:
                return EXCUSED
            return ended_with_trace(self._code, file)
