"""Backoff of messages that did not get through, and the pause of a channel that keeps failing.

The shape is that of Standard Webhooks (several tries over a day, jitter, Retry-After honoured), but
a page is worth more in its first minutes than a webhook: tries follow at 2, 4, 8 … seconds, later
every hour, for 24 hours.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_DELAY_SECONDS = 2.0
LONGEST_DELAY_SECONDS = 3_600.0
GIVE_UP_AFTER_SECONDS = 86_400.0
JITTER = 0.2  # of the delay, to either side

FAILURES_TO_OPEN = 5
FIRST_REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 900.0
PROBE_SECONDS = 60.0  # longer than any send takes


def delay(
    attempt: int,
    jitter: float,
    retry_after: float | None = None,
    elapsed: float | None = None,
) -> float | None:
    """Return the seconds to wait after the `attempt`th try (from 1); None when it was the last.

    `jitter` is a random number of [0, 1). `retry_after` is what the receiver asked for, in seconds:
    never less, and never past the end. `elapsed` is the time since the first try; without it, the
    sum of the delays so far. The last try falls on the end of the 24 hours.
    """
    spent = _nominal_elapsed(attempt) if elapsed is None else elapsed
    left = GIVE_UP_AFTER_SECONDS - spent
    if left <= 0:
        return None
    wait = _nominal(attempt) * (1 + JITTER * (2 * jitter - 1))
    return min(max(wait, retry_after or 0.0), left)


def _nominal(attempt: int) -> float:
    doublings = min(attempt - 1, 20)  # the limit is reached long before
    return min(FIRST_DELAY_SECONDS * 2.0**doublings, LONGEST_DELAY_SECONDS)


def _nominal_elapsed(attempt: int) -> float:
    return sum(_nominal(earlier) for earlier in range(1, attempt))


@dataclass(frozen=True, slots=True)
class Circuit:
    """Circuit breaker of a channel (Nygard, Release It!)."""

    consecutive_failures: int = 0
    retry_at: datetime | None = None  # set from the `FAILURES_TO_OPEN`th failure on


def after_send(circuit: Circuit, now: datetime, *, delivered: bool) -> Circuit:
    """Return the circuit after a send; each failed probe doubles the rest, to 15 minutes."""
    if delivered:
        return Circuit()
    failures = circuit.consecutive_failures + 1
    if failures < FAILURES_TO_OPEN:
        return Circuit(failures)
    doublings = min(failures - FAILURES_TO_OPEN, 10)
    rest = min(FIRST_REST_SECONDS * 2.0**doublings, LONGEST_REST_SECONDS)
    return Circuit(failures, now + timedelta(seconds=rest))
