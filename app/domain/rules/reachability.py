"""Reachability of a check's target, for conditions on DNS and TCP."""

from dataclasses import dataclass

from app.domain.types import FailureKind, Phases, Status

_UNRESOLVED = (FailureKind.NO_SUCH_HOST, FailureKind.RESOLVER_FAILED)


@dataclass(frozen=True, slots=True)
class Reachability:
    """Reachability of a check: name resolved, connection made; None where nothing is known."""

    dns_resolved: bool | None = None
    tcp_connected: bool | None = None


def reach(
    dials_endpoint: bool,
    status: Status,
    failure_kind: FailureKind | None,
    phases: Phases,
    status_code: int | None,
) -> Reachability:
    """Return how far a check got; a check that passed got all the way.

    A failure without a kind was stored before there were kinds: of its name nothing is known.
    """
    if status in (Status.UNKNOWN, Status.PENDING):
        return Reachability()
    if status is not Status.RED or phases.connect_ms is not None or status_code is not None:
        return Reachability(dns_resolved=True, tcp_connected=True)
    if not dials_endpoint:  # a question of DNS: its failure is the answer's, it connects to nothing
        return Reachability(dns_resolved=False)
    resolved = None if failure_kind is None else failure_kind not in _UNRESOLVED
    return Reachability(dns_resolved=resolved, tcp_connected=False)
