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
from typing import Any

from app.platform import scratch, work_journal
from app.platform.transaction import DATABASE_AWAY
from app.platform.work_journal import InHand
from workers.alone_forks import ABORT_SECONDS, AT_ONCE, ended_with_trace, stop

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


@dataclass(slots=True)
class _Waiting:
    work: Any
    seconds: float
    outcome: "Future[str | None]" = field(default_factory=Future)


class AloneRunner:
    """Runner of one kind of work: what asks while it starts goes with the same start."""

    def __init__(self, what: str) -> None:
        """`what` names a function of `workers.alone`."""
        self._what = what
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

    def run(self, work: Any, seconds: float) -> None:
        """Do a piece of work in a process of its own. Raises LostAloneError, StoppedAloneError.

        Blocks: call it from a thread.
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
        if trace := mine.outcome.result():
            raise StoppedAloneError if self._is_closed else LostAloneError(trace)

    def _run(self, group: list[_Waiting]) -> None:
        traces: list[str | None]
        seconds = max(one.seconds for one in group)
        rounds = -(-len(group) // AT_ONCE)
        try:
            answer = _start(
                self._what,
                [one.work for one in group],
                seconds,
                _STARTING_SECONDS + rounds * (seconds + ABORT_SECONDS),
                self._started,
            )
            traces = pickle.loads(answer)  # noqa: S301  from our own child
        except LostAloneError as error:  # the one that forks has ended: nothing is known of any
            traces = [str(error)] * len(group)
        for one, trace in zip(group, traces, strict=True):
            one.outcome.set_result(trace)

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
