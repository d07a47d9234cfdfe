"""CPU-bound work out of the way of a cooperative server.

Under gevent one thread serves every connection; a password hash of tens of milliseconds would stop
all of them. argon2 releases the interpreter lock, so gevent's thread pool runs it beside them.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from gevent import get_hub, monkey

P = ParamSpec("P")
T = TypeVar("T")


def offload(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return `function(*args, **kwargs)`, run in a thread where this one serves many."""
    if monkey.is_module_patched("threading"):
        return cast(T, get_hub().threadpool.apply(function, args, kwargs))
    return function(*args, **kwargs)
