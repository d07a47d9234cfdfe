"""Chores that hurt the process that does them, for the tests of the quarantine."""

import ctypes
import os
import signal
import time

from workers.job import chore

DONE = "POISON_DONE"


@chore()
def fine() -> None:
    """Leave a mark."""
    with open(os.environ[DONE], "a") as mark:
        mark.write("x")


@chore()
def crash() -> None:
    """Read where there is nothing."""
    ctypes.string_at(0)


@chore()
def killed() -> None:
    """Be ended as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@chore()
def stall() -> None:
    """Never come back."""
    time.sleep(600)


@chore()
def fail() -> None:
    """Raise."""
    raise RuntimeError("a fault of ours")
