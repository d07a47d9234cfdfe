"""The only clock of the program; due times and leases are judged by the database's instead."""

import time
from datetime import UTC, datetime


def utcnow() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds that never go backwards, for measuring durations."""
    return time.monotonic()
