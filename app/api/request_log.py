"""Lines of the log about requests, bounded: whoever floods us does not fill the operator's disk.

Requests of callers who signed in are limited elsewhere, and each has its line. Of an address
without a caller, or one whose requests are refused, the first of ten seconds have a line each; the
others are counted, and one line says how many there were, of which status and from where.
"""

import logging
import threading
from collections import Counter
from typing import Any

from app.platform.clock import monotonic

log = logging.getLogger(__name__)

WINDOW_SECONDS = 10.0
LINES_AN_ADDRESS = 20
LINES = 200  # of all such addresses
_ADDRESSES_TOLD = 5
_ADDRESSES_COUNTED = 10_000
_MAX_PATH = 200


class RequestLog:
    """Log of requests with a budget for each address and for all of them, anew every window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends_at = float("-inf")
        self._seen: Counter[str] = Counter()  # by address, while there is room
        self._lines = 0
        self._left_out: Counter[int] = Counter()  # by status
        self._left_out_of: Counter[str] = Counter()  # by address

    def add(self, address: str, status: int, *, is_known: bool, **facts: Any) -> None:
        """Log a request; `is_known` says that its caller has signed in."""
        facts["path"] = facts["path"][:_MAX_PATH]
        left_out, from_where = self._start_window()
        if left_out:
            log.warning(
                "requests without a line",
                extra={
                    "seconds": WINDOW_SECONDS,
                    "count": left_out.total(),
                    "by_status": {str(code): count for code, count in sorted(left_out.items())},
                    "most_from": dict(from_where.most_common(_ADDRESSES_TOLD)),
                },
            )
        is_bounded = not is_known or 400 <= status < 500
        if not is_bounded or self._has_room(address, status):
            log.info("request", extra={**facts, "status": status})

    def _start_window(self) -> tuple[Counter[int], Counter[str]]:
        """Return what the window left out that has just ended, nothing while it lasts."""
        with self._lock:
            if monotonic() < self._ends_at:
                return Counter(), Counter()
            left_out, from_where = self._left_out, self._left_out_of
            self._ends_at, self._lines = monotonic() + WINDOW_SECONDS, 0
            self._seen, self._left_out, self._left_out_of = Counter(), Counter(), Counter()
            return left_out, from_where

    def _has_room(self, address: str, status: int) -> bool:
        with self._lock:
            if self._lines < LINES and self._seen[address] < LINES_AN_ADDRESS:
                self._seen[address] += 1
                self._lines += 1
                return True
            self._left_out[status] += 1
            if address in self._left_out_of or len(self._left_out_of) < _ADDRESSES_COUNTED:
                self._left_out_of[address] += 1
            return False
