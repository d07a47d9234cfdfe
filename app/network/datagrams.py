"""UDP towards one judged address; the kernel's ICMP refusals arrive as errors."""

import asyncio
from functools import partial
from typing import cast

from app.network.errors import NetworkError, from_exception
from app.network.resolver import Resolver
from app.network.trace import trace

MAX_WAITING = 16  # answers nobody has read yet; more are dropped, as a full socket would


class DatagramSocket(asyncio.DatagramProtocol):
    """A UDP socket connected to one address."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._received: asyncio.Queue[bytes | NetworkError] = asyncio.Queue(MAX_WAITING)
        self._transport: asyncio.DatagramTransport | None = None

    def send(self, data: bytes) -> None:
        """Send one datagram."""
        if self._transport is not None:
            self._transport.sendto(data)

    async def receive(self) -> bytes:
        """Return the next datagram. Raises NetworkError, for one when the port is closed."""
        item = await self._received.get()
        if isinstance(item, NetworkError):
            raise item
        return item

    def close(self) -> None:
        """Close the socket at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the transport (asyncio's callback)."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Keep a datagram for `receive` (asyncio's callback)."""
        if not self._received.full():
            self._received.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        """Keep an ICMP refusal for `receive` (asyncio's callback)."""
        if not self._received.full():
            self._received.put_nowait(from_exception(exc))


class Datagrams:
    """Opens UDP sockets, within one event loop."""

    def __init__(self, resolver: Resolver) -> None:
        self._loop = asyncio.get_running_loop()
        self._resolver = resolver

    async def open(self, host: str, port: int) -> DatagramSocket:
        """Return a socket connected to the first address of a host. Raises NetworkError."""
        addresses = await self._resolver.resolve(host, port)
        notes = trace()
        notes.stage = "opening a socket"
        failure: NetworkError | None = None
        for address in addresses:
            notes.address = address
            try:
                _, socket = await self._loop.create_datagram_endpoint(
                    partial(DatagramSocket, address), remote_addr=(address, port)
                )
            except OSError as error:
                failure = failure or from_exception(error)
                continue
            return socket
        raise failure or NetworkError(f"no such host: {host}")
