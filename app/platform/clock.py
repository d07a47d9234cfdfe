"""The only clock of the program; due times and leases go by the database's instead."""

import time
from datetime import UTC, datetime


def utcnow() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def thread_seconds() -> float:
    """Return seconds of the processor that this thread has had, for what other work must not
    lengthen."""
    return time.thread_time()


def monotonic() -> float:
    """Return seconds that never go backwards, for measuring durations."""
    return time.monotonic()
