"""A cache of bounded size for what is visited in a circle, as services are."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_OLDEST_EVERY = 8  # evictions


class CircularCache(Generic[K, V]):
    """Cache that makes room by forgetting what came last.

    Of things that are visited one after the other, again and again, a cache that forgets the one
    used longest ago never has the one asked for, once they are more than it holds. This one keeps
    most of what it has; and now and then lets go of the oldest, which may be gone for good.
    """

    def __init__(self, limit: int, size_of: Callable[[V], int] = lambda _: 1) -> None:
        self._limit = limit
        self._size_of = size_of
        self._entries: dict[K, V] = {}
        self._size = 0
        self._evictions = 0

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._entries)

    def __iter__(self) -> Iterator[K]:
        """Iterate over the keys, the oldest first."""
        return iter(self._entries)

    def get(self, key: K) -> V | None:
        """Return an entry; None when it is not kept."""
        return self._entries.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep an entry, in the place of an older one of the same key."""
        self.pop(key)
        size = self._size_of(value)
        while self._entries and self._size + size > self._limit:
            self._evict()
        self._entries[key] = value
        self._size += size

    def pop(self, key: K) -> None:
        """Forget an entry, if it is there."""
        value = self._entries.pop(key, None)
        if value is not None:
            self._size -= self._size_of(value)

    def _evict(self) -> None:
        self._evictions += 1
        if self._evictions % _OLDEST_EVERY == 0:
            self.pop(next(iter(self._entries)))
        else:
            self._size -= self._size_of(self._entries.popitem()[1])
