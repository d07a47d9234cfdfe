"""Thresholds at which the end of a certificate is announced, and how urgent that is."""

from collections.abc import Collection
from datetime import datetime, timedelta

WARNING_DAYS = (30, 14, 7, 3, 1)
EXPIRED = 0
EARLIEST = timedelta(days=max(WARNING_DAYS))

# Thirty days are when automatic renewal begins to try; at fourteen it has failed for two weeks.
_WARNING_FROM = 14


def due_notice(valid_to: datetime, now: datetime, told: Collection[int]) -> int | None:
    """Return the threshold to tell of now, in days before the end; `EXPIRED`, or None for nothing.

    `told` are the thresholds this certificate was told of. Of those it has passed only the closest
    counts: a certificate first seen with five days left is told of once, at seven.
    """
    left = valid_to - now
    passed = [days for days in (*WARNING_DAYS, EXPIRED) if left <= timedelta(days=days)]
    due = min(passed, default=None)
    return None if due is None or any(days <= due for days in told) else due


def severity(threshold: int) -> str:
    """Return how severe it is that a threshold is passed."""
    if threshold == EXPIRED:
        return "critical"
    return "warning" if threshold <= _WARNING_FROM else "info"
