"""Connectivity of the monitor itself: whether a target fails, or its own network does.

Hosts that answered lately are the reference hosts.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.domain.types import FailureKind, Observation, Status

REFERENCE_HOSTS = 5
LEAST_REFERENCE_HOSTS = 3  # fewer distinct hosts say nothing about the monitor
_REMEMBERED = 500
# What also comes about when the monitor's own network is gone; the rest came from the target.
_FROM_NOWHERE = frozenset(
    (
        FailureKind.CLOSED,
        FailureKind.NO_SUCH_HOST,
        FailureKind.RESOLVER_FAILED,
        FailureKind.UNREACHABLE,
    )
)


@dataclass(frozen=True, slots=True)
class ReferenceHost:
    """A host and port that answered lately, or that the operator named."""

    host: str
    port: int


def is_ambiguous(observation: Observation) -> bool:
    """Say whether a failure could be the monitor's own: nothing came back, or nothing more.

    A refused connection, a status code, a certificate or a wrong reply came from the target. A
    connection that fell silent may have been cut at our end.
    """
    if observation.status is not Status.RED or observation.status_code is not None:
        return False
    kind = observation.failure_kind
    if kind is FailureKind.TIMED_OUT:
        return True
    return kind in _FROM_NOWHERE and observation.phases.connect_ms is None


@dataclass(slots=True)
class ReferenceHosts:
    """The hosts that were seen well lately, the latest last."""

    named: tuple[ReferenceHost, ...] = ()  # by the operator: they alone decide
    _seen: "OrderedDict[str, int]" = field(default_factory=OrderedDict)

    def saw(self, host: str, port: int) -> None:
        """Remember that a host has just answered."""
        self._seen[host] = port
        self._seen.move_to_end(host)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def against(self, host: str) -> list[ReferenceHost]:
        """Return whom to ask when a host seems to fail; empty when nobody can tell."""
        if self.named:
            return list(self.named)
        latest = reversed(self._seen.items())
        others = [ReferenceHost(name, port) for name, port in latest if name != host]
        return others[:REFERENCE_HOSTS] if len(others) >= LEAST_REFERENCE_HOSTS else []


def is_isolated(reached: Iterable[bool]) -> bool:
    """Say whether the monitor is isolated: not one of its reference hosts answered."""
    answers = list(reached)
    return bool(answers) and not any(answers)
