"""Cooperation with gevent: a time limit around work that may hang, and a thread for CPU-bound work.

Under gevent, as the web process runs, one thread serves every connection. A call that blocks can be
given up after a time, and a password hash of tens of milliseconds runs in gevent's thread pool
(argon2 releases the interpreter lock). Elsewhere the limits of the servers and of the statements
apply, and functions run where they are called.
"""

import select
import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import ParamSpec, TypeVar, cast

import gevent
from gevent import get_hub, monkey
from gevent._hub_local import get_hub_if_exists
from psycopg import _conninfo_attempts, waiting

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


_poll = monkey.get_original("select", "poll")


class _Selector(selectors.PollSelector):
    """Selector of the standard library, whose own is that of gevent where that has patched it."""

    _selector_cls = _poll


@contextmanager
def without_loop() -> Iterator[None]:
    """Have the database's driver wait as it does without gevent, in a process that is to fork.

    gevent would start an event loop, which the forks would inherit.
    """
    waits = SimpleNamespace(**vars(select) | {"poll": _poll})
    resolver = monkey.get_original("socket", "getaddrinfo")
    looks_up = SimpleNamespace(**vars(socket) | {"getaddrinfo": resolver})
    try:
        with (
            _replaced(waiting, "select", waits),
            _replaced(waiting, "DefaultSelector", _Selector),
            _replaced(_conninfo_attempts, "socket", looks_up),
        ):
            yield
    finally:
        hub = get_hub_if_exists()
        if hub is not None:  # something waited in another way: a loop that has ended harms no fork
            hub.destroy(destroy_loop=True)


@contextmanager
def _replaced(module: ModuleType, name: str, value: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
