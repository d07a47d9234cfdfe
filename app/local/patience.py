"""Deadline that waits for a process as long as it makes progress, however slow the machine is."""

import time
from collections.abc import Callable
from pathlib import Path

PROGRESS_SECONDS = 0.1  # of processor time: who waits for something in vain uses less
_TICKS_PER_SECOND = 100  # USER_HZ, the unit of /proc, is the same on every Linux (time(7))


class Patience:
    """Deadline of a process group that moves on while the group uses processor time."""

    def __init__(self, seconds: float, group: Callable[[], int | None]) -> None:
        """`group` names the process group to look at; None while there is none."""
        self._seconds = seconds
        self._group = group
        self._deadline = time.monotonic() + seconds
        self._used = 0.0

    def is_over(self) -> bool:
        """True when the time has passed and the group has done next to nothing in it."""
        if time.monotonic() < self._deadline:
            return False
        group = self._group()
        used = processor_seconds(group) if group else 0.0
        # A process that was started anew has used less than the one before: that is progress too.
        if abs(used - self._used) < PROGRESS_SECONDS:
            return True
        self._used = used
        self._deadline = time.monotonic() + self._seconds
        return False


def processor_seconds(group: int) -> float:
    """Seconds of processor time of the processes of a group, and of their children that have ended.

    proc(5), Linux; 0.0 elsewhere.
    """
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS_PER_SECOND
