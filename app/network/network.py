"""Network of an event loop: every way to reach another host, behind the address guard."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from app.network.curl import CurlEngine
from app.network.datagrams import Datagrams, DatagramSocket
from app.network.errors import AddressRefused, NoNameServer
from app.network.http import HttpRequest, HttpResponse
from app.network.http_client import HttpClient
from app.network.icmp import EchoSocket, open_echoes
from app.network.policy import AddressPolicy
from app.network.resolver import Resolver
from app.network.streams import Connection, Streams
from app.network.tls import TlsContexts, TlsOptions


class Network:
    """Everything that may be done with other people's hosts; make it inside the running loop."""

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        ca_file: str | None = None,
        nameservers: Sequence[str] = (),
    ) -> None:
        contexts = TlsContexts(ca_file)
        self.authorities = contexts.ca_file  # the file of those that are trusted
        self._resolver = Resolver(policy, nameservers)
        self._engine = CurlEngine(policy, contexts.ca_file)
        self._http = HttpClient(self._engine, self._resolver)
        self._streams = Streams(self._resolver, contexts)
        self._datagrams = Datagrams(self._resolver)

    async def http(self, request: HttpRequest) -> HttpResponse:
        """Send a request and follow redirects. Raises NetworkError and BadEndpoint."""
        return await self._http.request(request)

    async def resolve(self, host: str, port: int | None = None) -> list[str]:
        """Return the validated addresses of a host. Raises AddressRefused and NetworkError."""
        return await self._resolver.resolve(host, port)

    async def connect(
        self, host: str, port: int, *, tls: TlsOptions | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a stream that the caller closes. Raises AddressRefused and NetworkError."""
        connection = await self._streams.dial(host, port, tls)
        return connection.reader, connection.writer

    @asynccontextmanager
    async def stream(
        self, host: str, port: int, *, tls: TlsOptions | None = None
    ) -> AsyncIterator[Connection]:
        """Open a stream for the time of a `with` block. Raises AddressRefused, NetworkError."""
        connection = await self._streams.dial(host, port, tls)
        try:
            yield connection
        except BaseException:
            connection.abort()
            raise
        connection.finish()

    async def start_tls(self, connection: Connection, tls: TlsOptions) -> None:
        """Begin TLS on an open stream (STARTTLS, RFC 3207). Raises NetworkError."""
        await self._streams.secure(connection, tls)

    @asynccontextmanager
    async def datagram(self, host: str, port: int) -> AsyncIterator[DatagramSocket]:
        """Open a UDP socket towards one host. Raises AddressRefused and NetworkError."""
        socket = await self._datagrams.open(host, port)
        try:
            yield socket
        finally:
            socket.close()

    @asynccontextmanager
    async def datagram_to_nameservers(self) -> AsyncIterator[DatagramSocket]:
        """Open a UDP socket towards the system's own name servers, which no user has chosen.

        Raises NoNameServer when the system names none, and NetworkError.
        """
        servers = self._resolver.nameservers()
        if not servers:
            raise NoNameServer("the monitor has no name server")
        socket = DatagramSocket(servers)
        try:
            yield socket
        finally:
            socket.close()

    @asynccontextmanager
    async def echo(self, host: str) -> AsyncIterator[list[EchoSocket]]:
        """Open ICMP echo sockets towards the addresses of one host, the best first.

        Raises AddressRefused, NetworkError; Inconclusive where the system does not let this process
        ping.
        """
        sockets = open_echoes(await self._resolver.resolve(host))
        try:
            yield sockets
        finally:
            for socket in sockets:
                socket.close()

    @asynccontextmanager
    async def stream_to_nameserver(self, address: str, port: int) -> AsyncIterator[Connection]:
        """Open a stream to one of the system's own name servers. Raises NetworkError."""
        if (address, port) not in self._resolver.nameservers():
            raise AddressRefused(f"{address} is no name server of this system")
        connection = await self._streams.dial_address(address, port)
        try:
            yield connection
        finally:
            connection.abort()

    def nameservers(self) -> list[tuple[str, int]]:
        """Return the system's own name servers, as (address, port)."""
        return self._resolver.nameservers()

    def close(self) -> None:
        """Drop every connection and question at once."""
        self._engine.close()
        self._resolver.close()
