"""Isolation of work that has ended other processes: done alone, in a process of its own.

The work itself and its record both happen there (`workers/alone.py`); here it is only known how
that process ended. Pieces of work that are to be done alone at the same time share the start of a
process that forks one for each of them.
"""

import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from app.platform import scratch, work_journal
from app.platform.transaction import DATABASE_AWAY
from app.platform.work_journal import InHand
from workers.alone_forks import ABORT_SECONDS, AT_ONCE, EXCUSED, ended_with_trace, stop

_PROJECT = Path(__file__).parents[1]
_STARTING_SECONDS = 20.0
ALONE_THREADS = 64  # that wait for their work to be done alone
_LEASE_SECONDS = 8.0
_RENEW_SECONDS = 2.0
_GATHER_SECONDS = 0.05  # leases that ran out together are claimed together


class LostAloneError(Exception):
    """The process of its own has ended without finishing, or stalled; the text is its trace.

    `in_hand` is what its journal holds: the rows at which a periodic job ended.
    """

    def __init__(self, trace: str, in_hand: Sequence[InHand] = ()) -> None:
        super().__init__(trace)
        self.in_hand = tuple(in_hand)


class StoppedAloneError(Exception):
    """The runner was closed: how far the work has come is not known, and it is not to blame."""


class ExcusedAloneError(Exception):
    """The database was away: the work was not done, and is not to blame."""


class AloneServerGone(RuntimeError):
    """The server of work alone has ended, or does not answer."""


class WorkServer(Protocol):
    """Process that is there already, and forks one for each piece of work (`alone_server.py`)."""

    def run(self, works: Sequence[Any], seconds: float, patience: float) -> list[str | None]:
        """Do each piece of work; return None or a trace for each. Raises AloneServerGone."""

    def kill(self) -> None:
        """End it, with what it does."""


@dataclass(slots=True)
class _Waiting:
    work: Any
    seconds: float
    outcome: "Future[str | None]" = field(default_factory=Future)


class AloneRunner:
    """Runner of one kind of work: what asks while it starts goes with the same start."""

    def __init__(self, what: str, server: WorkServer | None = None) -> None:
        """`what` names a function of `workers.alone`; `server`, where there is one, does it."""
        self._what = what
        self._server = server
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()  # of the list
        self._turn = threading.Lock()  # one start at a time
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def close(self) -> None:
        """End what runs, and do nothing further: whoever stops must not wait for it."""
        self._is_closed = True
        if self._process is not None:
            self._process.kill()
        if self._server is not None:
            self._server.kill()

    def run(self, work: Any, seconds: float) -> None:
        """Do a piece of work in a process of its own. Blocks: call it from a thread.

        Raises LostAloneError, StoppedAloneError, ExcusedAloneError.
        """
        mine = _Waiting(work, seconds)
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if not mine.outcome.done():
                time.sleep(_GATHER_SECONDS)
                with self._lock:
                    group, self._waiting = self._waiting, []
                self._run(group)
        trace = mine.outcome.result()
        if trace is None:
            return
        if self._is_closed:
            raise StoppedAloneError
        raise ExcusedAloneError if trace == EXCUSED else LostAloneError(trace)

    def _run(self, group: list[_Waiting]) -> None:
        works, seconds = [one.work for one in group], max(one.seconds for one in group)
        patience = -(-len(group) // AT_ONCE) * (seconds + ABORT_SECONDS)
        try:
            traces = self._traces(works, seconds, patience)
        except LostAloneError as error:  # the one that forks has ended: nothing is known of any
            traces = [str(error)] * len(group)
        for one, trace in zip(group, traces, strict=True):
            one.outcome.set_result(trace)

    def _traces(self, works: list[Any], seconds: float, patience: float) -> list[str | None]:
        patience += _STARTING_SECONDS
        if self._server is not None and not self._is_closed:
            try:
                return self._server.run(works, seconds, patience)
            except AloneServerGone:  # it had nothing to do for a while
                self._server = None
        answer = _start(self._what, works, seconds, patience, self._started)
        traces: list[str | None] = pickle.loads(answer)  # noqa: S301  from our own child
        return traces

    def _started(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        if self._is_closed:
            process.kill()


@contextmanager
def renewed_lease(extend: Callable[[float], object]) -> Iterator[None]:
    """Hold a lease for as long as the block runs, and a few seconds longer.

    `extend` makes it last so many seconds from now. Work may wait long for its turn to be done
    alone; were the lease taken for as long, a process that is killed would leave it behind.
    """
    is_over = threading.Event()

    def renew() -> None:
        while not is_over.wait(_RENEW_SECONDS):
            with suppress(*DATABASE_AWAY):
                extend(_LEASE_SECONDS)

    extend(_LEASE_SECONDS)
    renewing = threading.Thread(target=renew, name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        is_over.set()
        renewing.join()


def run_job_alone(name: str, seconds: float) -> None:
    """Do a periodic job in a process of its own, its rows one by one. Raises LostAloneError."""
    with tempfile.TemporaryDirectory(prefix="alertifypro-alone-", dir=scratch.folder()) as folder:
        try:
            _start("tick", (name, folder), seconds, seconds)
        except LostAloneError as error:
            found: list[InHand] = []
            work_journal.read_left_behind(Path(folder), found.extend)
            raise LostAloneError(str(error), found) from None


def _start(
    what: str,
    work: Any,
    seconds: float,
    patience: float,
    started: "Callable[[subprocess.Popen[bytes]], None]" = lambda _: None,
) -> bytes:
    with tempfile.TemporaryFile(dir=scratch.folder()) as trace:
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-X", "faulthandler", "-m", "workers.alone", what, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=trace,
            cwd=_PROJECT,
        )
        answer = b""
        started(process)
        try:
            answer, _ = process.communicate(pickle.dumps(work), timeout=patience)
        except subprocess.TimeoutExpired:
            stop(process.pid)  # it writes what every thread was doing
            with suppress(subprocess.TimeoutExpired):
                process.wait(ABORT_SECONDS)
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise LostAloneError(ended_with_trace(process.returncode, trace))
        return answer
