"""Subscribers: who is notified of what, and how often somebody may be asked to confirm."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from app.domain.mail_addresses import same_address
from app.domain.status_pages.types import Wants, Way

UNCONFIRMED_KEPT = timedelta(hours=48)
MERGED_WITHIN = timedelta(seconds=60)
BOUNCES_TO_PAUSE = 2
_A_DAY = timedelta(days=1)
_CONFIRMATIONS_A_DAY = 3
# So many messages of one page fall due each second: alerts of others are never behind thousands.
_A_SECOND = 50


def normalized(way: Way, address: str) -> str:
    """Return the one form of all spellings of an address.

    Case makes no difference in scheme and host of a URL; in its path and query it does
    (RFC 3986, 6.2.2.1).
    """
    address = address.strip()
    if way is Way.EMAIL:
        return same_address(address)
    try:
        scheme, place, *rest = urlsplit(address)
    except ValueError:
        return address
    user, at, host = place.rpartition("@")
    return urlunsplit((scheme, f"{user}{at}{host.lower()}", *rest))


def is_notified(
    wants: Wants, chosen: Collection[UUID], topic: Wants, affected: Collection[UUID]
) -> bool:
    """Say whether a subscriber hears of an incident or a maintenance.

    `chosen` are the services they named, none for all; what names no service is about all.
    """
    if wants not in (Wants.EVERYTHING, topic):
        return False
    return not chosen or not affected or not set(chosen).isdisjoint(affected)


def confirmations(asked_at: Sequence[datetime], now: datetime) -> list[datetime] | None:
    """Return when somebody was asked to confirm lately, now included; None: not now again."""
    lately = [at for at in asked_at if now - at < _A_DAY]
    return [*lately, now] if len(lately) < _CONFIRMATIONS_A_DAY else None


def due_at(place: int, now: datetime) -> datetime:
    """Return when the message at a place in the row of all subscribers falls due."""
    return now + timedelta(seconds=place // _A_SECOND)
