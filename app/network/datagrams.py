"""UDP towards one judged address; the kernel's ICMP refusals arrive as errors."""

import asyncio
import socket

from app.domain.types import FailureKind
from app.network.errors import NetworkError, from_exception
from app.network.resolver import Resolver
from app.network.trace import trace

MAX_DATAGRAM = 65_535
MAX_WAITING = 16  # answers nobody has read yet; more are dropped, as a full socket would


class DatagramSocket:
    """A UDP socket connected to one address: the kernel drops what others send.

    It is a bare socket because asyncio's transports swallow empty datagrams.
    """

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self._loop = asyncio.get_running_loop()
        self._received: asyncio.Queue[bytes | NetworkError] = asyncio.Queue(MAX_WAITING)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.connect(_numeric(address, port))
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket.fileno(), self._on_ready)

    def send(self, data: bytes) -> None:
        """Send one datagram. Raises NetworkError."""
        try:
            self._socket.send(data)
        except BlockingIOError:
            return  # a full buffer loses datagrams, as the network may
        except OSError as error:
            raise from_exception(error) from None

    async def receive(self) -> bytes:
        """Return the next datagram. Raises NetworkError, for one when the port is closed."""
        item = await self._received.get()
        if isinstance(item, NetworkError):
            raise item
        return item

    def close(self) -> None:
        """Close the socket at once."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _on_ready(self) -> None:
        item: bytes | NetworkError
        try:
            item = self._socket.recv(MAX_DATAGRAM)
        except BlockingIOError:
            return
        except OSError as error:
            item = from_exception(error)
        if not self._received.full():
            self._received.put_nowait(item)


class Datagrams:
    """Opens UDP sockets, within one event loop."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def open(self, host: str, port: int, *, judged: bool = True) -> DatagramSocket:
        """Return a socket connected to the first address of a host. Raises NetworkError."""
        addresses = await self._resolver.resolve(host, port) if judged else [host]
        notes = trace()
        notes.stage = "opening a socket"
        failure: NetworkError | None = None
        for address in addresses:
            notes.address = address
            try:
                return DatagramSocket(address, port)
            except OSError as error:  # no route to this one; perhaps to the next
                failure = failure or from_exception(error)
        raise failure or NetworkError(f"no such host: {host}", FailureKind.NO_SUCH_HOST)


def _numeric(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return the socket address of an address in text, zone included; looks nothing up."""
    found = socket.getaddrinfo(address, port, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
    return found[0][4]  # type: ignore[return-value]
