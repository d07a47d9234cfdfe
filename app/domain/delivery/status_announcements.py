"""Changes of a service's status that channels hear of, and the state kept of those they do not.

A change in maintenance, or of a service that flaps, is withheld. Once that is over, the status is
announced if it is another one than the last announced: nobody is left with a status long past.
"""

from dataclasses import dataclass

from app.domain.rules.flapping import CHECKS, HIGH_PERCENT, LOW_PERCENT
from app.domain.types import Status

# Nagios' thresholds, applied to settled changes: six or more of twenty possible ones begin it.
CHANGES = CHECKS - 1
_SEVERITIES = {Status.RED: "critical", Status.YELLOW: "warning"}
_UNANNOUNCED = (Status.PENDING, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class WithheldChange:
    """Change that is withheld: the status announced before, and whether flapping was the reason."""

    announced_status: Status
    is_flapping: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision to notify or not, from which status (None: it had none), and what stays withheld."""

    is_announced: bool
    from_status: Status | None
    withheld: WithheldChange | None


def flaps(changes: int, *, was_flapping: bool) -> bool:
    """Say whether so many settled changes within `CHANGES` check intervals are flapping."""
    return 100 * changes / CHANGES >= (LOW_PERCENT if was_flapping else HIGH_PERCENT)


def evaluate(
    before: Status,
    after: Status,
    withheld: WithheldChange | None,
    *,
    in_maintenance: bool,
    is_flapping: bool,
) -> Decision:
    """Return what becomes of a change of status.

    That the monitor cannot tell is no news about the service, nor is the first GREEN of a new one.
    """
    announced = withheld.announced_status if withheld else before
    if after in _UNANNOUNCED or in_maintenance or is_flapping:
        return Decision(False, None, WithheldChange(announced, is_flapping))
    if announced in _UNANNOUNCED:
        return Decision(after is not Status.GREEN, None, None)
    return Decision(after is not announced, announced, None)


def severity(status: Status) -> str:
    """Return how severe it is that a service has taken a status."""
    return _SEVERITIES.get(status, "info")
