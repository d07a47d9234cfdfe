"""Limit on the unknown keys an address may try: counted in this process, for a minute."""

from app.platform.clock import monotonic

_WINDOW_SECONDS = 60.0
_ALLOWED = 100
_MAX_ADDRESSES = 10_000


class UnknownKeyLimit:
    """Counts of unknown keys by address. Known keys are never counted, nor held up."""

    def __init__(self) -> None:
        self._began = 0.0
        self._counts: dict[str, int] = {}

    def add(self, address: str) -> int | None:
        """Count one; return after how many seconds to come back, None within the limit."""
        now = monotonic()
        if now - self._began >= _WINDOW_SECONDS or len(self._counts) >= _MAX_ADDRESSES:
            self._began, self._counts = now, {}
        count = self._counts[address] = self._counts.get(address, 0) + 1
        if count <= _ALLOWED:
            return None
        return max(int(self._began + _WINDOW_SECONDS - now), 1)
