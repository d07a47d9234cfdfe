"""UDP towards the validated addresses of a host; the kernel's ICMP refusals arrive as errors."""

import asyncio
import socket
from collections.abc import Sequence

from app.network.errors import NetworkError, from_exception, most_specific
from app.network.resolver import Resolver
from app.network.routes import numeric
from app.network.trace import trace

MAX_DATAGRAM = 65_535
MAX_WAITING = 16  # answers nobody has read yet; more are dropped, as a full socket would
MAX_ADDRESSES = 6

Peer = tuple[str, int]  # address and port


class DatagramSocket:
    """UDP sockets, each connected to one address of a host: the kernel drops what others send.

    The addresses take turns: a datagram goes to the next one each time, and at once to the next
    when an address refuses it; answers of all are heard. They are bare sockets because asyncio's
    transports swallow empty datagrams.
    """

    def __init__(self, peers: Sequence[Peer]) -> None:
        """Open a socket for every (address, port). Raises NetworkError when none can be opened."""
        self._loop = asyncio.get_running_loop()
        self._received: asyncio.Queue[tuple[Peer, bytes | NetworkError]]
        self._received = asyncio.Queue(MAX_WAITING)
        self._sockets: list[tuple[Peer, socket.socket]] = []  # the next one to send by comes first
        self._failures: list[NetworkError] = []
        self._sent: dict[socket.socket, bytes] = {}
        for peer in peers:
            try:
                opened = _opened(*peer)
            except OSError as error:  # no route to this one; perhaps to the next
                self._failures.append(from_exception(error))
                continue
            self._sockets.append((peer, opened))
            self._loop.add_reader(opened.fileno(), self._on_ready, opened)
        if not self._sockets:
            raise most_specific(self._failures)
        self.peer: Peer = self._sockets[0][0]  # who was asked or has answered last
        trace().address = self.peer[0]

    def send(self, data: bytes) -> None:
        """Send one datagram to the address whose turn it is. Raises NetworkError."""
        while self._sockets:
            peer, current = self._sockets.pop(0)
            self._sockets.append((peer, current))
            self._sent[current] = data
            try:
                current.send(data)
            except BlockingIOError:
                pass  # a full buffer loses datagrams, as the network may
            except OSError as error:
                self._drop(current, from_exception(error))
                continue
            self.peer = peer
            trace().address = peer[0]
            return
        raise most_specific(self._failures)

    @property
    def peers(self) -> frozenset[Peer]:
        """Return the addresses and ports that have not refused."""
        return frozenset(peer for peer, _ in self._sockets)

    async def receive(self) -> bytes:
        """Return the next datagram. Raises NetworkError when every address refuses."""
        peer, item = await self._received.get()
        if isinstance(item, NetworkError):
            raise item
        self.peer = peer
        trace().address = peer[0]
        return item

    def close(self) -> None:
        """Close the sockets at once."""
        for _, opened in self._sockets:
            self._loop.remove_reader(opened.fileno())
            opened.close()
        self._sockets.clear()

    def _on_ready(self, ready: socket.socket) -> None:
        item: bytes | NetworkError
        peer = next(one for one, opened in self._sockets if opened is ready)
        try:
            item = ready.recv(MAX_DATAGRAM)
        except BlockingIOError:
            return
        except OSError as error:
            data = self._sent.get(ready)
            self._drop(ready, from_exception(error))
            if self._sockets:
                self._send_to_the_fresh(data)
                return
            item = most_specific(self._failures)
        if not self._received.full():
            self._received.put_nowait((peer, item))

    def _send_to_the_fresh(self, data: bytes | None) -> None:
        """Send what an address refused to the next one that has not been asked yet."""
        if data is None or self._sockets[0][1] in self._sent:
            return
        try:
            self.send(data)
        except NetworkError as error:
            self._received.put_nowait((self.peer, error))

    def _drop(self, refused: socket.socket, failure: NetworkError) -> None:
        self._failures.append(failure)
        self._sockets = [(peer, one) for peer, one in self._sockets if one is not refused]
        self._sent.pop(refused, None)
        self._loop.remove_reader(refused.fileno())
        refused.close()


class Datagrams:
    """Opener of UDP sockets, within one event loop."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def open(self, host: str, port: int) -> DatagramSocket:
        """Return a socket connected to the addresses of a host. Raises NetworkError."""
        addresses = await self._resolver.resolve(host, port)
        trace().stage = "opening a socket"
        return DatagramSocket([(address, port) for address in addresses[:MAX_ADDRESSES]])


def _opened(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        opened.connect(numeric(address, port))
    except OSError:
        opened.close()
        raise
    return opened
