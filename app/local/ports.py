"""Free TCP ports of this machine."""

import errno
import random
import socket
from collections.abc import Collection

from app.local import LaunchError

# Below every system's range for outgoing connections: while a server in that range is down, a
# client that retries can be given the server's own port and keep it from coming back.
SPARE_PORTS = range(20000, 30000)
LOOPBACK = "127.0.0.1"


def problem(host: str, port: int) -> str | None:
    """Why no server could listen there now; None when one could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "another program is listening there"
            return (error.strerror or str(error)).lower()
    return None


def is_free(host: str, port: int) -> bool:
    """True when a server could listen there now."""
    return problem(host, port) is None


def choose(preferred: int | None, avoid: Collection[int] = ()) -> int:
    """The preferred loopback port when it is free, else a random spare one."""
    if preferred is not None and preferred not in avoid and is_free(LOOPBACK, preferred):
        return preferred
    for port in random.sample(SPARE_PORTS, 200):
        if port not in avoid and is_free(LOOPBACK, port):
            return port
    raise LaunchError(
        f"No free TCP port between {SPARE_PORTS.start} and {SPARE_PORTS.stop - 1} on {LOOPBACK}."
    )
