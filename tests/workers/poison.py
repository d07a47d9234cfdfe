"""Periodic jobs that hurt the process that does them, for the tests of the quarantine."""

import ctypes
import os
import signal
import time

from workers.job import periodic_job

DONE = "POISON_DONE"


@periodic_job()
def fine() -> None:
    """Leave a mark."""
    with open(os.environ[DONE], "a") as mark:
        mark.write("x")


@periodic_job()
def crash() -> None:
    """Read where there is nothing."""
    ctypes.string_at(0)


@periodic_job()
def killed() -> None:
    """Be ended as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@periodic_job()
def stall() -> None:
    """Never come back."""
    time.sleep(600)


@periodic_job()
def fail() -> None:
    """Raise."""
    raise RuntimeError("a fault of ours")
