"""Batcher of pings in a web process: one writer stores what has come together.

A commit that waits for the disk carries all pings that arrived during the last one, so that their
number a second is not bounded by the disk, and one connection is enough. The writer also proves
every two seconds that pings can be stored here: were it stuck, nobody would be called late.
"""

import logging
import threading
import time
from collections.abc import Sequence

from flask import Flask

from app.ingest.connection import WriterConnection
from app.ingest.publisher import PingPublisher
from app.ingest.unknown_keys import UnknownKeyLimit
from app.operations.heartbeats.ingest_beacon import RENEW_SECONDS
from app.operations.heartbeats.pings import IncomingPing, PingRefusal, Receipt
from app.platform.clock import monotonic
from app.platform.errors import Unavailable
from app.platform.transaction import DATABASE_AWAY

log = logging.getLogger(__name__)

# Longer than this nobody waits: a job's curl tries again, and our memory is not a queue.
PATIENCE_SECONDS = 1.5
MAX_WAITING = 1_000
MAX_BATCH = 200
_BUSY_PAUSE_SECONDS = 0.01
# While pings come thick, waiting a moment for more of them costs each less than a transaction of
# its own would; a lone one is stored at once.
_GATHER_SECONDS = 0.004
_AWAY = "the ping could not be stored at the moment; please try again"

PingOutcome = Receipt | PingRefusal | Exception


class _Batch:
    """Pings that are stored together, and what became of each."""

    __slots__ = ("done", "incoming", "outcomes")

    def __init__(self) -> None:
        self.incoming: list[IncomingPing] = []
        self.outcomes: Sequence[PingOutcome] = ()
        self.done = threading.Event()


class PingBatcher:
    """Batcher of the pings of this process, stored by one writer thread."""

    def __init__(self, app: Flask) -> None:
        self.unknown_keys = UnknownKeyLimit()
        self._app = app
        self._publisher = PingPublisher(app)
        self._connection: WriterConnection | None = None
        self._starting = threading.Lock()
        self._turn = threading.Lock()
        self._open: list[_Batch] = []
        self._arrived = threading.Event()
        self._waiting = 0
        self._writer: threading.Thread | None = None
        self._renews_beacon = False
        self._renewed = 0.0

    def open(self) -> None:
        """Start the writer, and prove from now on that pings can be received here."""
        self._renews_beacon = True
        self._start()

    def close(self) -> None:
        """End the proof; pings are still taken."""
        self._renews_beacon = False

    def submit(self, ping: IncomingPing) -> Receipt | None:
        """Return when a ping is durable; None for an unknown key. Raises Unavailable in time."""
        self._start()
        if self._waiting >= MAX_WAITING:
            raise Unavailable(_AWAY)
        deadline = monotonic() + PATIENCE_SECONDS
        self._waiting += 1
        try:
            while True:
                outcome = self._leave(ping, deadline - monotonic())
                if isinstance(outcome, Exception):
                    raise outcome
                if outcome is PingRefusal.UNKNOWN:
                    return None
                if isinstance(outcome, Receipt):
                    return outcome
                time.sleep(_BUSY_PAUSE_SECONDS)
        finally:
            self._waiting -= 1

    def _start(self) -> None:
        if self._writer is not None and self._writer.is_alive():
            return
        with self._starting:
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._run, name="ping-writer", daemon=True)
                self._writer.start()

    def _leave(self, ping: IncomingPing, patience_seconds: float) -> PingOutcome:
        with self._turn:
            if not self._open or len(self._open[-1].incoming) >= MAX_BATCH:
                self._open.append(_Batch())
            batch = self._open[-1]
            index = len(batch.incoming)
            batch.incoming.append(ping)
        self._arrived.set()
        if not batch.done.wait(max(patience_seconds, 0)):
            ping.given_up = True
            return Unavailable(_AWAY)
        return batch.outcomes[index]

    def _run(self) -> None:
        while True:
            self._arrived.wait(self._until_renewal())
            self._arrived.clear()
            while batch := self._next():
                self._store(batch)
                self._renew()
                if len(batch.incoming) > 1:
                    time.sleep(_GATHER_SECONDS)
            self._renew()

    def _until_renewal(self) -> float:
        """Return for how many seconds the writer may wait for pings."""
        if not self._renews_beacon:
            return RENEW_SECONDS / 2
        return max(0.0, self._renewed + RENEW_SECONDS - monotonic())

    def _next(self) -> _Batch | None:
        with self._turn:
            return self._open.pop(0) if self._open else None

    def _store(self, batch: _Batch) -> None:
        concerns_alerts = False
        try:
            stored = self._connected().store(batch.incoming)
            batch.outcomes = stored.outcomes
            concerns_alerts = stored.concerns_alerts
        except DATABASE_AWAY as error:
            log.error("pings are refused", extra={"count": len(batch.incoming), "why": str(error)})
            batch.outcomes = [Unavailable(_AWAY) for _ in batch.incoming]
        except Exception as error:
            if len(batch.incoming) > 1:
                self._store_singly(batch)
                return
            log.exception("a ping could not be stored")
            batch.outcomes = [error]
        finally:
            if batch.outcomes:
                batch.done.set()
        receipts = [outcome for outcome in batch.outcomes if isinstance(outcome, Receipt)]
        if receipts:
            self._publisher.enqueue(receipts, concerns_alerts=concerns_alerts)

    def _connected(self) -> WriterConnection:
        if self._connection is None:
            self._connection = WriterConnection(
                self._app.extensions["runtime"].config.database_direct_url
            )
        return self._connection

    def _store_singly(self, batch: _Batch) -> None:
        """Find the ping that spoils a batch: the others are stored."""
        outcomes: list[PingOutcome] = []
        for ping in batch.incoming:
            alone = _Batch()
            alone.incoming.append(ping)
            self._store(alone)
            outcomes.append(alone.outcomes[0])
        batch.outcomes = outcomes
        batch.done.set()

    def _renew(self) -> None:
        now = monotonic()
        if not self._renews_beacon or now - self._renewed < RENEW_SECONDS:
            return
        try:
            had_gap = self._connected().renew_beacon()
        except Exception as error:
            log.warning("the ingest beacon is not renewed", extra={"why": str(error)})
            self._renewed = now - RENEW_SECONDS / 2
            return
        self._renewed = now
        if had_gap:
            log.warning("pings could not be received for a while; what was due is excused")


def init_app(app: Flask) -> None:
    """Give an application its batcher; nothing runs before it is opened, or the first ping."""
    app.extensions["ping_batcher"] = PingBatcher(app)


def batcher_of(app: Flask) -> PingBatcher:
    """Return the batcher of an application."""
    result: PingBatcher = app.extensions["ping_batcher"]
    return result
