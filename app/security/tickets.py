"""Tickets for the live feed: a URL may carry one instead of a token, for 30 seconds and once."""

import json

from app.platform.bootstrap import runtime
from app.platform.crypto import digest, random_key
from app.platform.errors import Unauthorized

LIFETIME_SECONDS = 30


def issue(token: str, slug: str | None) -> str:
    """Return a ticket that stands for a token, and for the organization it was chosen with.

    Raises redis errors when Redis is away.
    """
    ticket = random_key()
    sealed = runtime().vault.encrypt(json.dumps([token, slug]).encode())
    runtime().redis.set(_key(ticket), sealed, ex=LIFETIME_SECONDS)
    return ticket


def redeem(ticket: str) -> tuple[str, str | None]:
    """Return the token and the slug that a ticket stands for, and void it.

    Raises Unauthorized for any other.
    """
    sealed = runtime().redis.getdel(_key(ticket))
    if not isinstance(sealed, bytes):
        raise Unauthorized
    token, slug = json.loads(runtime().vault.decrypt(sealed))
    return token, slug


def _key(ticket: str) -> str:
    return f"ws-ticket:{digest(ticket)}"
