"""Figures of an agent about itself, over the last minute."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.operations.recorded_check import RecordedCheck
from app.platform.clock import monotonic, utcnow

_WINDOW_SECONDS = 60.0


class AgentFigures:
    """Checks of the last minute: how many, and how late they began."""

    def __init__(self) -> None:
        self._starts: deque[tuple[float, float]] = deque()  # when recorded, and how late it began

    def add(self, batch: Sequence[RecordedCheck]) -> None:
        """Count finished checks."""
        at = monotonic()
        self._starts.extend(
            (at, (check.checked_at - check.scheduled_for).total_seconds() * 1000) for check in batch
        )
        while self._starts and self._starts[0][0] < at - _WINDOW_SECONDS:
            self._starts.popleft()

    def read(self, isolated_since: datetime | None) -> dict[str, Any]:
        """Return fields of a pulse: checks a second, lateness (p99) in ms, isolation in s."""
        starts = list(self._starts)
        lateness = sorted(late for _, late in starts)
        span = min(_WINDOW_SECONDS, monotonic() - starts[0][0]) if starts else 0.0
        return {
            "checks_per_second": round(len(starts) / max(span, 1.0), 2),
            "lateness_ms": lateness[int(0.99 * len(lateness))] if lateness else None,
            "isolated_seconds": isolated_since
            and max(0.0, (utcnow() - isolated_since).total_seconds()),
        }
