"""Limits of one process, counted in its own memory while Redis does not answer.

Nobody is let in for a password that Redis could not count: each process begins with nothing, and
what it has counted stays for its time, so that a Redis which is away again and again opens nothing.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any, Protocol

from app.platform.clock import monotonic

_MOST = 50_000  # of each kind; beyond that the oldest goes


class Bounds(Protocol):
    """Bounds of wrong tries: of a pair of account and address, an address and an account."""

    @property
    def per_pair(self) -> int:
        """Return the tries of a pair."""

    @property
    def per_address(self) -> int:
        """Return the tries of an address over all accounts."""

    @property
    def hot(self) -> int:
        """Return the tries of an account, beyond which a strange address has a single one."""


class LocalCounts:
    """Counts of what the scripts of `app/security/limits.py` count, by the same keys."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()  # and when it ends
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def know(self, key: str, place: str) -> None:
        """Remember that an account is at home at an address."""
        with self._lock:
            self._known[key, place] = None
            _bound(self._known)

    def take(
        self, keys: Sequence[str], place: str, bounds: Bounds, lasts: tuple[float, float]
    ) -> float:
        """Count a try, and return 0; else return the seconds until another one is allowed.

        `keys` are those of the pair, the address, the account and its known addresses; `lasts` are
        the seconds for which the first two count, and the third.
        """
        pair, address, account, known_places = keys
        with self._lock:
            known = (known_places, place) in self._known
            limit = bounds.per_pair
            if not known and self._count(account) >= bounds.hot:
                limit = 1
            if self._count(pair) >= limit:
                return self._seconds_left(pair)
            if not known and self._count(address) >= bounds.per_address:
                return self._seconds_left(address)
            self._add(pair, lasts[0])
            if not known:
                self._add(address, lasts[0])
                self._add(account, lasts[1])
            return 0.0

    def give_back(self, keys: Sequence[str]) -> None:
        """Count a try no more."""
        with self._lock:
            for key in keys[:3]:
                count = self._count(key)
                if count:
                    self._counts[key] = (count - 1, self._counts[key][1])

    def count(self, key: str, seconds: float) -> int:
        """Count something and return how many there have been within the span."""
        with self._lock:
            return self._add(key, seconds)

    def spend(self, key: str, per_minute: int) -> float:
        """Count against a budget, and return 0; else the seconds until there is some again."""
        step = 60 / per_minute
        with self._lock:
            now = monotonic()
            empty_at = max(self._empty_at.get(key, 0.0), now)
            wait = empty_at - now + step - 60
            if wait > 1e-6:
                return wait
            self._empty_at[key] = empty_at + step
            self._empty_at.move_to_end(key)
            _bound(self._empty_at)
            return 0.0

    def _count(self, key: str) -> int:
        count, ends_at = self._counts.get(key, (0, 0.0))
        return count if monotonic() < ends_at else 0

    def _seconds_left(self, key: str) -> float:
        return max(self._counts[key][1] - monotonic(), 1.0)

    def _add(self, key: str, lasts: float) -> int:
        count = self._count(key)
        ends_at = self._counts[key][1] if count else monotonic() + lasts
        self._counts[key] = (count + 1, ends_at)
        self._counts.move_to_end(key)
        _bound(self._counts)
        return count + 1


def _bound(entries: OrderedDict[Any, Any]) -> None:
    if len(entries) > _MOST:
        entries.popitem(last=False)
