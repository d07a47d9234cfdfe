"""A time limit around work that may hang, such as a query to a server that accepts and is silent.

Only a cooperative process can give up on a blocking call: under gevent, as the web process runs.
Elsewhere the limits of the servers and of the statements apply.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import gevent
from gevent import monkey


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
