"""The only door to Redis: one server by its URL, or the primary that sentinels name."""

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from app.platform.server_urls import SENTINEL_SCHEME, sentinels

SOCKET_TIMEOUT_SECONDS = 2.0
_HEALTH_CHECK_SECONDS = 15


def connect(
    redis_url: str,
    *,
    blocking: bool = False,
    timeout_seconds: float = SOCKET_TIMEOUT_SECONDS,
    retries: int = 1,
) -> Redis:
    """Return a Redis client, which connects at its first command.

    Callers that answer requests never wait long for it; a worker's blocking pop sets its own time
    limit, so its socket has none here. With sentinels each connection asks them for the primary,
    and one whose server has become a replica is closed at the first write that it refuses.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": timeout_seconds,
        "socket_timeout": None if blocking else timeout_seconds,
        "retry": Retry(NoBackoff(), retries),
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
