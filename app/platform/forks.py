"""Memory as forks share it: each gets a page of its own as soon as anybody writes to it."""

import ctypes
import gc
import sys
from collections import Counter

# CPython keeps small objects of a size together, in pools of so many bytes (Objects/obmalloc.c).
_POOL_BYTES, _HEADER_BYTES = 16 * 1024, 48
_SIZES = range(48, 513, 16)
_MOST = 20_000  # of a size, should an interpreter do it in another way

_fillers: list[list[bytes]] = []  # they stay for good


def settle() -> None:
    """Give back what imports needed for a moment, and keep the collector away from what stays.

    For a process that is about to fork; the collector would write to every object that it visits,
    and each object that a fork makes would go into a gap between those that are shared.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
        if trim is not None:
            trim(0)
    _fillers.extend(map(_fill, _SIZES))
    gc.freeze()


def _fill(size: int) -> list[bytes]:
    """Return objects of a size that fill every gap between others of it.

    Each gap is filled before another pool is begun: one that is ours alone says that none is left.
    """
    length = size - sys.getsizeof(b"")
    whole = (_POOL_BYTES - _HEADER_BYTES) // size
    made: list[bytes] = []
    counts: Counter[int] = Counter()
    while len(made) < _MOST:
        made.append(bytes(length))
        pool = id(made[-1]) // _POOL_BYTES
        counts[pool] += 1
        if counts[pool] == whole:
            return [each for each in made if id(each) // _POOL_BYTES != pool]
    return []
