"""Ports for servers of tests that are told where to listen."""

import sys

from app.local import ports

_HELD: list[ports.Hold] = []  # for as long as this process lives


def free_port() -> int:
    """Return a port that nobody uses now, and that no outgoing connection is given.

    Nobody else who chooses one is given it: its server listens only a moment later.
    """
    while True:
        port = ports.choose(None)
        hold = ports.Hold(port)
        if hold.is_held or sys.platform != "linux":
            _HELD.append(hold)
            return port
