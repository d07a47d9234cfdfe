"""States of a service in a region and over regions: thresholds first, then the quorum."""

from collections.abc import Iterable
from typing import NamedTuple

from app.domain.types import Status

# A counter only has to reach its threshold (at most 10) and to be shown; it need not overflow.
_COUNTED = 1_000_000


class RegionState(NamedTuple):
    """The running state of a service in one region."""

    status: Status = Status.PENDING
    consecutive_failures: int = 0
    consecutive_successes: int = 0


def next_state(
    state: RegionState, observed: Status, failure_threshold: int, recovery_threshold: int
) -> RegionState:
    """Return the state after one more result.

    RED needs `failure_threshold` failures in a row; leaving RED needs `recovery_threshold` passes
    in a row. UNKNOWN says nothing about the service, so it neither counts nor breaks a series.
    """
    if observed is Status.UNKNOWN:
        return RegionState(Status.UNKNOWN, state.consecutive_failures, state.consecutive_successes)
    if observed is Status.RED:
        failures = min(state.consecutive_failures + 1, _COUNTED)
        return RegionState(
            Status.RED if failures >= failure_threshold else _unconfirmed_status(state), failures, 0
        )
    successes = min(state.consecutive_successes + 1, _COUNTED)
    still_red = state.status is Status.RED and successes < recovery_threshold
    return RegionState(Status.RED if still_red else observed, 0, successes)


def _unconfirmed_status(state: RegionState) -> Status:
    # After an isolation the first failure is not yet an outage, and no isolation any more either.
    return Status.PENDING if state.status is Status.UNKNOWN else state.status


def is_confirming(state: RegionState, observed: Status) -> bool:
    """Say whether a change of state is being confirmed, which runs at the retry interval."""
    if observed is Status.UNKNOWN:
        return False
    return (observed is Status.RED) != (state.status is Status.RED)


def overall(regions: Iterable[Status], quorum: str) -> Status:
    """Return a service's status from its regions.

    Regions that cannot tell have no vote. A service that fails in some regions, but in fewer than
    the quorum asks for, is degraded: YELLOW.
    """
    statuses = list(regions)
    votes = [status for status in statuses if status not in (Status.PENDING, Status.UNKNOWN)]
    if not votes:
        return Status.UNKNOWN if Status.UNKNOWN in statuses else Status.PENDING
    failing = votes.count(Status.RED)
    needed = {"any": 1, "majority": len(votes) // 2 + 1, "all": len(votes)}[quorum]
    if failing >= needed:
        return Status.RED
    return Status.YELLOW if failing or Status.YELLOW in votes else Status.GREEN
