"""Hosts of pages: what the records say of one, and what becomes of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.types import FailureKind, Observation

# A mistake in a zone is mended within the hour; a host that is somebody else's by then is free.
LOST_AFTER = timedelta(hours=1)
_WAITING_EVERY, _WRONG_EVERY, _VERIFIED_EVERY = (
    timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1),
)  # fmt: skip
_ANSWERED_OTHERWISE = (FailureKind.NO_SUCH_HOST, FailureKind.ASSERTION)


class Finding(StrEnum):
    """Finding of a DNS record."""

    RIGHT = "right"
    WRONG = "wrong"  # a name server answered, and otherwise
    INCONCLUSIVE = "inconclusive"  # no name server could say


class DomainState(StrEnum):
    """State of a custom domain's host."""

    WAITING = "waiting"
    VERIFIED = "verified"
    SERVING = "serving"


@dataclass(frozen=True, slots=True)
class Domain:
    """Domain: when its host was verified, and since when its records have been wrong.

    `has_txt` says whether its TXT record was there when a name server last answered.
    """

    verified_at: datetime | None = None
    wrong_since: datetime | None = None
    has_txt: bool = False


def finding(record: Observation) -> Finding:
    """Return what the look-up of a record says."""
    if record.error is None:
        return Finding.RIGHT
    is_answered = record.failure_kind in _ANSWERED_OTHERWISE
    return Finding.WRONG if is_answered else Finding.INCONCLUSIVE


def after_lookup(domain: Domain, txt: Finding, cname: Finding, now: datetime) -> Domain:
    """Return what becomes of a host: either record verifies and keeps it.

    It is lost when both have been wrong for an hour.
    """
    if txt is Finding.RIGHT:
        return Domain(domain.verified_at or now, has_txt=True)
    if domain.verified_at is None:
        return Domain(now) if cname is Finding.RIGHT else Domain()
    has_txt = domain.has_txt and txt is Finding.INCONCLUSIVE
    if cname is Finding.RIGHT:
        return Domain(domain.verified_at, has_txt=has_txt)
    if Finding.INCONCLUSIVE in (txt, cname):
        return Domain(domain.verified_at, domain.wrong_since, has_txt)
    since = domain.wrong_since or now
    return Domain() if now - since >= LOST_AFTER else Domain(domain.verified_at, since)


def checked_every(domain: Domain) -> timedelta:
    """Return how often the records of a host are looked up."""
    if domain.verified_at is None:
        return _WAITING_EVERY
    return _VERIFIED_EVERY if domain.wrong_since is None else _WRONG_EVERY


def state(domain: Domain, made_at: datetime | None) -> DomainState:
    """Return how far a host has come; `made_at` is when the page's snapshot was made."""
    if domain.verified_at is None:
        return DomainState.WAITING
    is_shown = made_at is not None and made_at >= domain.verified_at
    return DomainState.SERVING if is_shown else DomainState.VERIFIED
