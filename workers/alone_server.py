"""Server of checks that run alone: a fork made before any thread or connection exists.

A process that imports everything takes a second of CPU to start, and on a busy machine many. A
worker that finds what a killed one had in hand is about to need one, so it keeps this: each check
is a fork of it. It ends after a while without work, and with its worker.
"""

import faulthandler
import os
import pickle
import signal
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from flask import Flask

from app.platform import lease_journal, work_journal
from app.platform.process_name import set_process_name
from workers import alone, alone_forks
from workers.isolation import AloneServerGone

_IDLE_SECONDS = 60.0


class AloneServer:
    """The worker's end: one list of checks at a time."""

    def __init__(self, app: Flask) -> None:
        """Fork; this process must not yet have a thread, nor a connection to anything."""
        context = get_context("fork")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(app, theirs, self._connection), name="alone", daemon=True
        )
        self._process.start()
        theirs.close()

    def run(self, works: Sequence[Any], seconds: float, patience: float) -> list[str | None]:
        """Do each piece of work in a fork of its own; return None or a trace for each, in order.

        Each may take `seconds`, all of them together `patience`. Raises AloneServerGone.
        """
        try:
            self._connection.send_bytes(pickle.dumps((works, seconds)))
            if self._connection.poll(patience):
                traces: list[str | None] = pickle.loads(self._connection.recv_bytes())  # noqa: S301  from our own child
                return traces
        except (EOFError, OSError) as error:
            self._close()
            raise AloneServerGone("it has ended") from error
        self._close()
        raise AloneServerGone("it does not answer")

    def kill(self) -> None:
        """End it, with what it does."""
        self._process.kill()

    def _close(self) -> None:
        self.kill()
        self._process.join()
        self._connection.close()


def _serve(app: Flask, connection: Connection, theirs: Connection) -> None:
    """Do checks until the worker has closed its end, is gone, or wants nothing for a while."""
    set_process_name("alone")
    theirs.close()  # else we would hold open what is to tell us that the worker is gone
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which ends us
    work_journal.leave_to_parent()
    lease_journal.leave_to_parent()
    alone.limit_memory()
    faulthandler.enable(file=2)
    do = partial(alone.check, app)
    with suppress(EOFError, OSError):
        while connection.poll(_IDLE_SECONDS):
            works, seconds = pickle.loads(connection.recv_bytes())  # noqa: S301  from our worker
            connection.send_bytes(pickle.dumps(alone_forks.each(do, works, seconds)))
    os._exit(0)  # what the worker has registered for its own end is not ours
