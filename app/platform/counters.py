"""Counters of all processes together, held in Redis: figures for Prometheus, never for decisions.

A counter is a field of a hash; its labels, joined by a space, name it. They start from zero when
Redis was emptied, which Prometheus takes for a restart.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping
from threading import Lock

from redis import Redis, RedisError

from app.platform.clock import monotonic

log = logging.getLogger(__name__)

_PREFIX = "counters:"
_REST_SECONDS = 5.0  # while Redis is away, so that nobody waits for it again and again

Labels = tuple[str, ...]


class Counters:
    """Counters under one prefix: added to, and read."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = Lock()
        self._open: defaultdict[tuple[str, Labels], float] = defaultdict(
            float
        )  # not sent to Redis yet
        self._rests_until = 0.0

    def add(self, name: str, amounts: Mapping[Labels, float]) -> None:
        """Add to the counters of a name; while Redis is away the amounts wait, in this process."""
        with self._lock:
            for labels, amount in amounts.items():
                self._open[name, labels] += amount
            if not self._open or monotonic() < self._rests_until:
                return
            counted, self._open = self._open, defaultdict(float)
        try:
            pipeline = self._redis.pipeline(transaction=False)
            for (name, labels), amount in counted.items():
                pipeline.hincrbyfloat(f"{_PREFIX}{name}", " ".join(labels), amount)
            pipeline.execute()
        except RedisError as error:
            log.warning("counters not written yet: Redis is away", extra={"why": str(error)})
            with self._lock:
                for key, amount in counted.items():
                    self._open[key] += amount
                self._rests_until = monotonic() + _REST_SECONDS

    def read(self, name: str) -> dict[Labels, float]:
        """Return the counters of a name by their labels. Raises redis errors."""
        found: dict[bytes, bytes] = self._redis.hgetall(f"{_PREFIX}{name}")  # type: ignore[assignment]
        return {tuple(key.decode().split(" ")): float(value) for key, value in found.items()}
