"""A thread that wakes an engine whose next claim is some time away."""

import threading
from collections.abc import Callable

from redis import RedisError

from app.platform.queue import wait_for_wake
from app.platform.redis_client import connect

_WAIT_SECONDS = 5.0
_RETRY_SECONDS = 1.0


class WakeListener(threading.Thread):
    """Listener that calls a function whenever something is due in a region, until it is stopped."""

    def __init__(self, redis_url: str, region: str, wake: Callable[[], object]) -> None:
        super().__init__(name="wake", daemon=True)
        self._redis_url = redis_url
        self._region = region
        self._wake = wake
        self._stopped = threading.Event()
        self.is_subscribed = False  # False: Redis is away, and whoever sleeps must look for itself

    def stop(self) -> None:
        """End the thread after its current wait."""
        self._stopped.set()

    def run(self) -> None:
        """Listen, and again whenever Redis went away."""
        redis = connect(self._redis_url, blocking=True)
        while not self._stopped.is_set():
            try:
                if wait_for_wake(redis, self._region, _WAIT_SECONDS):
                    self._wake()
                self.is_subscribed = True
            except RedisError:
                self.is_subscribed = False
                self._stopped.wait(_RETRY_SECONDS)
