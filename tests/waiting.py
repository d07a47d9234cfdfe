"""Waiting that says the same on a machine of its own and on one that is shared by many.

What takes a second where everybody who wants a core has one takes five where ten want two cores.
So seconds are counted as on the former: bounds stay as strict as they are where nothing disturbs,
and nothing fails because somebody else works beside it.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

_CORES = os.cpu_count() or 1
_LOAD = Path("/proc/loadavg")  # proc_loadavg(5), of Linux


def crowding() -> float:
    """Return how many processes want each core, now or in the last minute, at the least one."""
    now = int(_LOAD.read_text().split()[3].split("/")[0]) if _LOAD.exists() else 0
    return max(1.0, os.getloadavg()[0] / _CORES, now / _CORES)


def stretched(seconds: float) -> float:
    """Return how many seconds of the clock such a bound is on the machine as it is now."""
    return seconds * crowding()


def seconds_until(condition: Callable[[], object], limit: float) -> float:
    """Wait for a condition; return how long it took, on a machine of its own.

    Fails after the limit. Asking takes a sixth of the time at most: what is asked works meanwhile,
    and on the same cores.
    """
    waited, last = 0.0, time.monotonic()
    while not condition():
        assert waited < limit, f"not within {limit} s"
        asking = time.monotonic() - last
        time.sleep(min(max(0.02, 5 * asking), 0.25))
        now = time.monotonic()
        waited, last = waited + (now - last) / crowding(), now
    return waited + (time.monotonic() - last) / crowding()


async def until(condition: Callable[[], object], limit: float) -> None:
    """Wait in an event loop for a condition; fails after the limit as `seconds_until` does."""
    waited, last = 0.0, time.monotonic()
    while not condition():
        assert waited < limit, f"not within {limit} s"
        await asyncio.sleep(0.01)
        now = time.monotonic()
        waited, last = waited + (now - last) / crowding(), now


def await_events(told: Callable[[], list[str]], expected: list[str], limit: float) -> None:
    """Wait until so many events were told as are expected, which they must begin with.

    A later event, which may come before anybody looks, is no matter of this wait.
    """
    seconds_until(lambda: len(told()) >= len(expected), limit)
    found = told()
    assert found[: len(expected)] == expected, found
