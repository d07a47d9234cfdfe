"""How far a check got towards its target, for conditions on DNS and TCP."""

from dataclasses import dataclass

from app.domain.types import Phases, Status

# What the probe engine says when a host name has no usable answer (app/network/resolver.py).
_UNRESOLVED = ("no such host", "the name server", "could not be looked up")


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether the name was resolved and the connection made; None where nothing is known."""

    dns_resolved: bool | None = None
    tcp_connected: bool | None = None


def reach(
    check_type: str, status: Status, error: str | None, phases: Phases, status_code: int | None
) -> Reach:
    """Return how far a check got; a check that passed got all the way."""
    if status in (Status.UNKNOWN, Status.PENDING):
        return Reach()
    if status is not Status.RED or phases.connect_ms is not None or status_code is not None:
        return Reach(dns_resolved=True, tcp_connected=True)
    if check_type == "DNS":  # its failure is the answer's, and it connects to nothing
        return Reach(dns_resolved=False)
    named = error is not None and any(part in error for part in _UNRESOLVED)
    return Reach(dns_resolved=not named, tcp_connected=False)
