"""Tickets for the live feed: a URL may carry one instead of a token, for 30 seconds and once."""

from app.bootstrap import runtime
from app.crypto import digest, random_key
from app.errors import Unauthorized

LIFETIME_SECONDS = 30


def issue(token: str) -> str:
    """Return a ticket that stands for a token. Raises redis errors when Redis is away."""
    ticket = random_key()
    sealed = runtime().vault.encrypt(token.encode())
    runtime().redis.set(_key(ticket), sealed, ex=LIFETIME_SECONDS)
    return ticket


def redeem(ticket: str) -> str:
    """Return the token a ticket stands for, and void it. Raises Unauthorized for any other."""
    sealed = runtime().redis.getdel(_key(ticket))
    if not isinstance(sealed, bytes):
        raise Unauthorized
    return runtime().vault.decrypt(sealed).decode()


def _key(ticket: str) -> str:
    return f"ws-ticket:{digest(ticket)}"
