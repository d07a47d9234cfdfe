"""Waiting in a request for what a worker does; other requests go on meanwhile."""

import time
from collections.abc import Callable
from typing import TypeVar

from app.platform.clock import monotonic
from app.platform.errors import Unavailable

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.25


def wait_for(look: Callable[[], T | None], seconds: float) -> T:
    """Return what `look` finds; it is asked again and again, and no transaction stays open.

    Raises Unavailable when it found nothing in time.
    """
    deadline = monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        time.sleep(pause)
        result = look()
        if result is not None:
            return result
        if monotonic() >= deadline:
            raise Unavailable("no worker answered in time; see whether the workers are running")
        pause = min(pause * 1.1, _LONGEST_PAUSE_SECONDS)
