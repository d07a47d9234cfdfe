"""Publisher of stored pings, to the live feed and the sweep; never waited for.

Redis may be slow or away: what cannot be told is dropped, the ping is in its row all the same, and
the next tick of the sweep does what the hint would have asked for.
"""

import logging
import threading
import time
from collections.abc import Sequence
from uuid import UUID

from flask import Flask
from redis import RedisError

from app.operations.heartbeats.flips import SWEEP_JOB
from app.operations.heartbeats.pings import Receipt
from app.platform.bootstrap import runtime
from app.platform.events import Event

log = logging.getLogger(__name__)

# More than this nobody can follow, and it would push the alerts out of the feed's memory. Of a
# heartbeat that pings again within the pause, only the last ping is told.
_PAUSE_SECONDS = 0.25
_MAX_WAITING = 50


class PingPublisher:
    """Publisher in a thread of its own, which starts with the first ping."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._waiting: dict[UUID, Receipt] = {}
        self._hint = False
        self._thread: threading.Thread | None = None

    def enqueue(self, receipts: Sequence[Receipt], *, concerns_alerts: bool) -> None:
        """Take over receipts and return at once."""
        with self._lock:
            for receipt in receipts:
                if len(self._waiting) < _MAX_WAITING or receipt.heartbeat_id in self._waiting:
                    self._waiting[receipt.heartbeat_id] = receipt
            self._hint = self._hint or concerns_alerts
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="ping-publisher", daemon=True
                )
                self._thread.start()
        self._arrived.set()

    def _run(self) -> None:
        while True:
            self._arrived.wait()
            self._arrived.clear()
            with self._lock:
                receipts, self._waiting = self._waiting, {}
                hint, self._hint = self._hint, False
            try:
                with self._app.app_context():
                    if hint:
                        runtime().hints.work(SWEEP_JOB)
                    runtime().feed.publish([_event(receipt) for receipt in receipts.values()])
            except RedisError as error:
                log.warning("heartbeat sweep not woken: Redis is away", extra={"why": str(error)})
            except Exception:
                log.exception("stored pings were not published")
            time.sleep(_PAUSE_SECONDS)


def _event(receipt: Receipt) -> Event:
    return Event(
        receipt.organization_id,
        "heartbeat.ping",
        {
            "heartbeat_id": receipt.heartbeat_id,
            "name": receipt.name,
            "kind": receipt.kind,
            "status": receipt.status,
            "received_at": receipt.received_at,
            "exit_status": receipt.exit_status,
            "duration_ms": receipt.duration_ms,
        },
        receipt.received_at,
    )
