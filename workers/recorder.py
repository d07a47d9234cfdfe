"""Recorder: a process beside the event loop that records finished checks and publishes them.

Python runs one thread at a time, and recording takes half as long as probing: within one process
each would wait for the other. The recorder is a fork made before any thread or connection exists,
and a part of its worker: it ends when the worker does, and the worker ends when it is gone.
"""

import json
import logging
import os
import pickle
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

from flask import Flask

from app.domain.checks.service_states import RegionState
from app.domain.types import Observation, Phases
from app.operations.checks import failure_details
from app.operations.checks.storing import store
from app.operations.recorded_check import RecordedCheck
from app.platform import logs
from app.platform.clock import monotonic
from app.platform.process_name import set_process_name
from app.platform.transaction import DATABASE_AWAY

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.3
_PHASES = Observation._fields.index("phases")
_LEAVE_SECONDS = 5  # how long a recorder may take for its last batch when the worker stops


class RecorderGone(RuntimeError):
    """The recorder's process has ended."""


class Recorder:
    """The worker's end: hands batches over, one at a time."""

    def __init__(self, app: Flask) -> None:
        """Fork; this process must not yet have a thread, nor a connection to anything."""
        context = get_context("fork")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(app, theirs, self._connection), name="recorder"
        )
        self._process.start()
        theirs.close()
        self._closing = threading.Event()
        threading.Thread(target=self._watch, name="recorder watch", daemon=True).start()

    def record(self, batch: Sequence[RecordedCheck], now: datetime) -> None:
        """Have a batch recorded and published, however long the database is away.

        `now` is the database's clock. Raises RecorderGone.
        """
        try:
            self._connection.send_bytes(pack(batch, now))
            self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise RecorderGone("the recorder is gone") from error

    def close(self) -> None:
        """Let the recorder finish its batch and end."""
        self._closing.set()
        self._connection.close()
        self._process.join(_LEAVE_SECONDS)

    def _watch(self) -> None:
        self._process.join()
        if not self._closing.is_set():
            # Whoever looks after us starts both anew; what was in hand comes again by its lease.
            log.error("the recorder has died; this worker ends with it, to be started again")
            os.kill(os.getpid(), signal.SIGTERM)


def pack(batch: Sequence[RecordedCheck], now: datetime) -> bytes:
    """Return a batch for the pipe: plain tuples take a third of the time of what they stand for."""
    try:
        return pickle.dumps((now, list(map(_row, batch))), pickle.HIGHEST_PROTOCOL)
    except Exception:
        # The fence: whatever a check put into its evidence, its result is not lost.
        log.exception("failure evidence cannot be serialized")
        plain = [replace(check, observation=_with_plain_evidence(check)) for check in batch]
        return pickle.dumps((now, list(map(_row, plain))), pickle.HIGHEST_PROTOCOL)


def _row(check: RecordedCheck) -> tuple[Any, ...]:
    observation = check.observation
    return (
        check.service_id.bytes,
        check.version,
        check.region,
        check.lease_token,
        check.scheduled_for,
        tuple(check.claimed_state),
        check.claimed_service_status,
        observation[:_PHASES],
        tuple(observation.phases),
        observation[_PHASES + 1 :],
        check.checked_at,
        check.place,
    )


def _with_plain_evidence(check: RecordedCheck) -> Observation:
    text = failure_details.storable(check.observation.evidence)
    return check.observation._replace(evidence=json.loads(text))


def unpack(data: bytes) -> tuple[list[RecordedCheck], datetime]:
    """Return what was packed."""
    now, rows = pickle.loads(data)  # noqa: S301  from the other end of our own pipe
    return [
        RecordedCheck(
            UUID(bytes=id),
            version,
            region,
            lease_token,
            scheduled_for,
            RegionState(*state),
            service_status,
            Observation._make((*before, Phases(*phases), *after)),
            checked_at,
            place,
        )
        for (
            id,
            version,
            region,
            lease_token,
            scheduled_for,
            state,
            service_status,
            before,
            phases,
            after,
            checked_at,
            place,
        ) in rows
    ], now


def _serve(app: Flask, connection: Connection, theirs: Connection) -> None:
    """Record batches until the worker has closed its end, or is gone."""
    set_process_name("recorder")
    theirs.close()  # else we would hold open what is to tell us that the worker is gone
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the worker is told, and hands over its last batch
    logs.clear()
    logs.bind(job="workers.recorder")
    recording = _Recording(app, connection)
    with suppress(EOFError, OSError):
        while True:
            recording.insist(*unpack(connection.recv_bytes()))
            connection.send_bytes(b"")


class _Recording:
    """The recorder's end."""

    def __init__(self, app: Flask, connection: Connection) -> None:
        self._app = app
        self._connection = connection

    def insist(self, batch: list[RecordedCheck], now: datetime) -> None:
        """Record a batch as soon as the database is there; leases make a repetition harmless."""
        began_at = monotonic()
        while True:
            waited = timedelta(seconds=monotonic() - began_at)
            try:
                with self._app.app_context():
                    return store(batch, now + waited)
            except DATABASE_AWAY as error:
                log.warning("database is away, results wait", extra={"why": brief(error)})
            if self._connection.poll(RETRY_SECONDS):  # the worker sends nothing before our answer
                raise EOFError


def brief(error: Exception) -> str:
    """Return the first line of what went wrong, for the log."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
