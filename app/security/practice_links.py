"""The address of a practice outage: signed, failing for a while from when it is first asked."""

from itsdangerous import BadSignature, URLSafeTimedSerializer
from redis import RedisError

from app.platform.bootstrap import runtime
from app.platform.clock import utcnow
from app.platform.crypto import digest, random_key
from app.platform.errors import NotFound

FAILS_SECONDS = 20
_REMEMBERED_SECONDS = 24 * 3600


def make() -> str:
    """Return a new address, on this server."""
    token = _serializer().dumps(random_key()[:16])
    return f"{prefix()}{token}"


def prefix() -> str:
    """Return what the addresses of all practice outages begin with."""
    return f"{runtime().config.base_url}/api/v1/practice/target/"


def is_failing(token: str) -> bool:
    """Say whether the address fails now. Raises NotFound for one that is not ours.

    It fails for 20 seconds from the first time that somebody asks, however late a worker begins;
    Redis away, from when it was made.
    """
    try:
        _, made_at = _serializer().loads(token, return_timestamp=True)
    except BadSignature:
        raise NotFound from None
    now = utcnow()
    began = made_at.timestamp()
    try:
        name = f"practice:{digest(token)}"
        redis = runtime().redis
        if (now - made_at).total_seconds() < _REMEMBERED_SECONDS:
            redis.set(name, str(now.timestamp()), nx=True, ex=_REMEMBERED_SECONDS)
        stored = redis.get(name)
        began = float(stored) if isinstance(stored, bytes) else began
    except RedisError:
        pass
    return bool(now.timestamp() - began < FAILS_SECONDS)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime().config.jwt_secret, salt="practice-outage")
