"""Changes of a service's status that channels hear of, and the state kept of those they do not.

A change in maintenance, or of a service that flaps, is withheld. Once that is over, the status is
told if it is another one than was told last, so that nobody is left with a status long past.
"""

from dataclasses import dataclass

from app.domain.rules.flapping import CHECKS, HIGH_PERCENT, LOW_PERCENT
from app.domain.types import Status

# Nagios' thresholds, applied to settled changes: six or more of twenty possible ones begin it.
CHANGES = CHECKS - 1
_SEVERITIES = {Status.RED: "critical", Status.YELLOW: "warning"}
_UNTOLD = (Status.PENDING, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold on a change: the status told before, and whether flapping was the reason."""

    told_status: Status
    is_flapping: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision to notify or not, from which status (None: it had none), and the hold that stays."""

    is_told: bool
    from_status: Status | None
    hold: Hold | None


def flaps(changes: int, *, was_flapping: bool) -> bool:
    """Say whether so many settled changes within `CHANGES` check intervals are flapping."""
    return 100 * changes / CHANGES >= (LOW_PERCENT if was_flapping else HIGH_PERCENT)


def evaluate(
    before: Status, after: Status, hold: Hold | None, *, in_maintenance: bool, is_flapping: bool
) -> Decision:
    """Return what becomes of a change of status.

    That the monitor cannot tell is no news about the service, nor is the first GREEN of a new one.
    """
    told = hold.told_status if hold else before
    if after in _UNTOLD or in_maintenance or is_flapping:
        return Decision(False, None, Hold(told, is_flapping))
    if told in _UNTOLD:
        return Decision(after is not Status.GREEN, None, None)
    return Decision(after is not told, told, None)


def severity(status: Status) -> str:
    """Return how severe it is that a service has taken a status."""
    return _SEVERITIES.get(status, "info")
