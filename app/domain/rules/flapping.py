"""Flapping of a service: it changes its state too often to be worth a page each time.

Nagios' algorithm ("Detection and Handling of State Flapping", Nagios Core manual): of the last 21
results, 20 changes are possible; the newest weighs 50 % more than the oldest. The thresholds are
those of Icinga 2: flapping begins at 30 % of change and ends below 25 %.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import islice, pairwise

from app.domain.types import Status

CHECKS = 21
HIGH_PERCENT = 30.0
LOW_PERCENT = 25.0
_CHANGES = CHECKS - 1
_NEWEST_WEIGHT, _OLDEST_WEIGHT = 1.2, 0.8
_STEP = (_NEWEST_WEIGHT - _OLDEST_WEIGHT) / (_CHANGES - 1)


@dataclass(frozen=True, slots=True)
class Flapping:
    """A service's restlessness, and whether the flapping state begins or ends with it."""

    percent: float  # weighted share of state changes, 0–100
    is_flapping: bool
    has_started: bool
    has_stopped: bool


def percent_state_change(
    statuses: Iterable[Status], bad: Container[Status] = (Status.RED,)
) -> float:
    """Return the weighted percentage of state changes in results, newest first.

    A state is "bad" or "not bad", so that a service that hovers around its slow threshold does not
    hide its outages; a rule that fires on YELLOW passes that status in `bad` too. Results that say
    nothing (UNKNOWN, PENDING) are passed over; those a young service lacks count as no change.
    """
    telling = (status in bad for status in statuses if status not in _WITHOUT_STATE)
    changes = enumerate(pairwise(islice(telling, CHECKS)))
    weights = (_NEWEST_WEIGHT - _STEP * age for age, (newer, older) in changes if newer != older)
    return round(100 * sum(weights) / _CHANGES, 6)  # a threshold met exactly must count as met


def evaluate(
    statuses: Iterable[Status],
    *,
    was_flapping: bool,
    bad: Container[Status] = (Status.RED,),
) -> Flapping:
    """Return the flapping state after results, newest first, given the state before."""
    percent = percent_state_change(statuses, bad)
    is_flapping = percent >= (LOW_PERCENT if was_flapping else HIGH_PERCENT)
    return Flapping(
        percent,
        is_flapping,
        has_started=is_flapping and not was_flapping,
        has_stopped=was_flapping and not is_flapping,
    )


_WITHOUT_STATE = (Status.UNKNOWN, Status.PENDING)
