"""Causes of an outage as strangers may hear of them: what kind of thing went wrong, no details."""

from collections.abc import Mapping
from enum import StrEnum

from app.domain.types import FailureKind


class Cause(StrEnum):
    """Cause of an outage, for everybody."""

    NAME = "name"
    CONNECTION = "connection"
    TIME = "time"
    SECURITY = "security"
    ANSWER = "answer"


# What is missing is about the monitor, and nobody's business.
_CAUSES: Mapping[FailureKind, Cause] = {
    FailureKind.NO_SUCH_HOST: Cause.NAME,
    FailureKind.RESOLVER_FAILED: Cause.NAME,
    FailureKind.REFUSED: Cause.CONNECTION,
    FailureKind.UNREACHABLE: Cause.CONNECTION,
    FailureKind.CLOSED: Cause.CONNECTION,
    FailureKind.TIMED_OUT: Cause.TIME,
    FailureKind.TLS: Cause.SECURITY,
    FailureKind.CERTIFICATE: Cause.SECURITY,
    FailureKind.PROTOCOL: Cause.ANSWER,
    FailureKind.ASSERTION: Cause.ANSWER,
}


def cause_of(kind: str) -> Cause | None:
    """Return the cause that a kind of failure stands for; None for what is not told."""
    try:
        return _CAUSES.get(FailureKind(kind))
    except ValueError:  # stored under another list
        return None
