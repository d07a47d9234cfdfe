"""Signed notes between the two steps of signing in: the password was right, the code is missing."""

from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.platform.bootstrap import runtime
from app.platform.errors import Unauthorized

LIFETIME_SECONDS = 300


def issue(user_id: UUID, epoch: int) -> str:
    """Return the note that somebody's password was right; a new password ends it."""
    return _serializer().dumps([str(user_id), epoch])


def read(challenge: str) -> tuple[UUID, int]:
    """Return the user and epoch of a note. Raises Unauthorized for a forged or an old one."""
    try:
        user_id, epoch = _serializer().loads(challenge, max_age=LIFETIME_SECONDS)
        return UUID(user_id), int(epoch)
    except (BadSignature, ValueError, TypeError, AttributeError):
        raise Unauthorized from None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime().config.jwt_secret, salt="second-factor")
