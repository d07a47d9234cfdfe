"""Messages about one alert, and letting them be sent."""

from collections.abc import Callable
from typing import Any

Rows = Callable[..., list[tuple[Any, ...]]]

ALERT = "SELECT id FROM alerts ORDER BY fired_at DESC LIMIT 1"
PENDING = "SELECT kind, recipient_key, status FROM notifications ORDER BY created_at, recipient_key"


def sent(rows: Rows, *keys: str) -> None:
    """Let messages have been sent: all, or those to some recipients."""
    rows(
        "UPDATE notifications SET status = 'sent', attempts = 1 WHERE status = 'pending'"
        " AND (%s OR recipient_key = ANY(%s))",
        not keys,
        list(keys),
    )
