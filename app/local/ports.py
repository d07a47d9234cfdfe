"""Free TCP ports of this machine."""

import errno
import random
import socket
import sys
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


class Hold:
    """Hold on a loopback port for a server of this process, while that is down as well.

    Nobody else who chooses a port here takes one that is held. On Linux the hold is a name of the
    abstract namespace (unix(7)): each network namespace has its own, as it has its own ports, and
    it goes with the process. Other systems have none: whoever is down there may lose its port.
    """

    def __init__(self, port: int) -> None:
        self._socket: socket.socket | None = None
        if sys.platform == "linux":
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self._socket.bind(f"\0alertifypro-port-{port}")
            except OSError:  # somebody has chosen it in the same moment: one of us will move
                self.release()

    @property
    def is_held(self) -> bool:
        """Whether the port is held, which it is not where somebody else holds it."""
        return self._socket is not None

    def release(self) -> None:
        """Let others have the port. Safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def choose(preferred: int | None, avoid: Collection[int] = ()) -> int:
    """The preferred loopback port when it is free and nobody holds it, else a random spare one."""
    if preferred is not None and preferred not in avoid and _is_to_be_had(preferred):
        return preferred
    for port in random.sample(SPARE_PORTS, 200):
        if port not in avoid and _is_to_be_had(port):
            return port
    raise LaunchError(
        f"No free TCP port between {SPARE_PORTS.start} and {SPARE_PORTS.stop - 1} on {LOOPBACK}."
    )


def _is_to_be_had(port: int) -> bool:
    if not is_free(LOOPBACK, port):
        return False
    probe = Hold(port)
    try:
        return probe.is_held or sys.platform != "linux"
    finally:
        probe.release()
