"""Coverage of a check result: how long it counts for its service."""

from math import ceil

_MARGIN_SECONDS = 5


def cover_seconds(interval_seconds: int, timeout_seconds: float) -> int:
    """Return for how long, after a check began, its result says how the service is.

    One result may be missed and the next one be late; beyond that nobody looked.
    """
    return 2 * interval_seconds + ceil(timeout_seconds) + _MARGIN_SECONDS
