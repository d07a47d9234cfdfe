"""The moment a test runs at: all times it speaks of are reckoned from the same one."""

from datetime import UTC, datetime, timedelta
from typing import Any

_now = datetime.now(UTC)


def begin() -> None:
    """Take the present as that moment; modules are imported minutes before their tests run."""
    global _now
    _now = datetime.now(UTC)


def now() -> datetime:
    """Return the moment."""
    return _now


def ago(**span: Any) -> datetime:
    """Return the time so long before it, in the words of `timedelta`."""
    return _now - timedelta(**span)


def iso(at: datetime) -> str:
    """Return a time as the API writes it."""
    return at.isoformat().replace("+00:00", "Z")
