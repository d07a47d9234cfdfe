"""The only door to Redis: one server by its URL, or the primary that sentinels name."""

from collections.abc import Callable
from typing import Any, Self, TypeVar

from redis import ConnectionError as NotConnectedError
from redis import Redis, RedisError
from redis import TimeoutError as NoAnswerError
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from app.platform.clock import monotonic
from app.platform.server_urls import SENTINEL_SCHEME, sentinels

T = TypeVar("T")

SOCKET_TIMEOUT_SECONDS = 2.0
_HEALTH_CHECK_SECONDS = 15
_TIMEOUTS = 2  # in a row, after which nobody waits for Redis any more
_LOOK_SECONDS = 0.3  # how long it may take to answer when it is looked whether it is back
_LOOK_EVERY_SECONDS = 1.0


class CircuitBreaker(Retry):
    """Retries of all commands of a client, none of which waits while Redis hangs.

    A server that is gone refuses at once; one that is stopped, or behind a link that swallows
    everything, would cost each command its timeouts, and whoever gives several of them most of his
    time. After timeouts in a row commands fail at once, and once a second one of them looks first
    whether Redis is back.
    """

    def __init__(self, retries: int, is_back: Callable[[], bool]) -> None:
        super().__init__(NoBackoff(), retries)
        self._is_back = is_back
        self._timeouts = 0
        self._look_at = 0.0

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # each connection copies it, and all of them are to know

    def call_with_retry(self, do: Callable[[], T], *args: Any, **options: Any) -> T:
        """Return what `do` returns. Raises its last error, or ConnectionError without a try."""
        return super().call_with_retry(lambda: self._try(do), *args, **options)

    def _try(self, do: Callable[[], T]) -> T:
        if self._timeouts >= _TIMEOUTS:
            self._look()
        try:
            result = do()
        except NoAnswerError:
            self._timeouts += 1
            self._look_at = monotonic() + _LOOK_EVERY_SECONDS
            raise
        self._timeouts = 0
        return result

    def _look(self) -> None:
        if monotonic() < self._look_at:
            raise NotConnectedError("Redis has not answered for seconds")
        self._look_at = monotonic() + _LOOK_EVERY_SECONDS
        if not self._is_back():
            raise NotConnectedError("Redis still does not answer")
        self._timeouts = 0


def connect(
    redis_url: str,
    *,
    blocking: bool = False,
    timeout_seconds: float = SOCKET_TIMEOUT_SECONDS,
    retries: int = 1,
) -> Redis:
    """Return a Redis client, which connects at its first command.

    Callers that answer requests never wait long for it, nor again and again (`CircuitBreaker`); a
    worker's blocking pop sets its own time limit, so its socket has none here. With sentinels each
    connection asks them for the primary, and one whose server has become a replica is closed at the
    first write that it refuses.
    """
    if blocking:
        return _connect(redis_url, timeout_seconds, None, Retry(NoBackoff(), retries))
    looking = _connect(redis_url, _LOOK_SECONDS, _LOOK_SECONDS, Retry(NoBackoff(), 0))

    def is_back() -> bool:
        try:
            return bool(looking.ping())
        except RedisError:
            return False

    breaker = CircuitBreaker(retries, is_back)
    return _connect(redis_url, timeout_seconds, timeout_seconds, breaker)


def _connect(
    redis_url: str, timeout_seconds: float, answer_seconds: float | None, retry: Retry
) -> Redis:
    options: dict[str, Any] = {
        "socket_connect_timeout": timeout_seconds,
        "socket_timeout": answer_seconds,
        "retry": retry,
        "health_check_interval": _HEALTH_CHECK_SECONDS,
    }
    if not redis_url.startswith(f"{SENTINEL_SCHEME}://"):
        return Redis.from_url(redis_url, **options)
    found = sentinels(redis_url)
    asked = Sentinel(  # type: ignore[no-untyped-call]
        found.addresses,
        sentinel_kwargs={
            "socket_connect_timeout": timeout_seconds,
            "socket_timeout": timeout_seconds,
            "password": found.sentinel_password,
        },
        **options,
    )
    primary: Redis = asked.master_for(  # type: ignore[no-untyped-call]
        found.service, db=found.db, username=found.username, password=found.password
    )
    return primary
