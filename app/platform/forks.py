"""Memory as forks share it: each gets a page of its own as soon as anybody writes to it."""

import ctypes
import gc
import sys


def settle() -> None:
    """Give back what imports needed for a moment, and keep the collector away from what stays.

    For a process that is about to fork; the collector would write to every object that it visits.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
        if trim is not None:
            trim(0)
    gc.freeze()
