"""The id that the account of an address will get, so that an answer about an address does not tell
whether it has one already."""

import hashlib
import hmac
from uuid import UUID

from app.platform.bootstrap import runtime


def future_user_id(email: str, attempt: int = 0) -> UUID:
    """Return a UUID that only this server can derive from an address in lower case."""
    key = runtime().config.jwt_secret.encode()
    text = f"user id of {email} {attempt}".encode()
    return UUID(bytes=hmac.digest(key, text, hashlib.sha256)[:16], version=4)
