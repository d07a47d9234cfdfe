"""Cooperation with gevent: a time limit around work that may hang, and a thread for CPU-bound work.

Under gevent, as the web process runs, one thread serves every connection. A call that blocks can be
given up after a time, and a password hash of tens of milliseconds runs in gevent's thread pool
(argon2 releases the interpreter lock). Elsewhere the limits of the servers and of the statements
apply, and functions run where they are called.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar, cast

import gevent
from gevent import get_hub, monkey

P = ParamSpec("P")
T = TypeVar("T")


class Overdue(BaseException):
    """The time is up. Not an Exception, so that a driver in the middle drops its connection."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise Overdue in the block when it takes longer."""
    if not monkey.is_module_patched("socket"):
        yield
        return
    with gevent.Timeout(seconds, Overdue()):
        yield


def offload(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return `function(*args, **kwargs)`, run in a thread where this one serves many."""
    if monkey.is_module_patched("threading"):
        return cast(T, get_hub().threadpool.apply(function, args, kwargs))
    return function(*args, **kwargs)
