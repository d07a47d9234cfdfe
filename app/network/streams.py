"""Streams to other hosts: the validated address is the one that is dialled."""

import asyncio
import ssl
from dataclasses import dataclass, field

from app.domain.types import Certificate, FailureKind, Phases
from app.network.certificates import complaint, read_der
from app.network.errors import (
    CertificateProblem,
    NetworkError,
    from_exception,
    most_specific,
    tls_failure,
)
from app.network.resolver import Resolver
from app.network.tls import TlsContexts, TlsOptions
from app.network.trace import NEGOTIATING, trace
from app.platform.clock import monotonic, utcnow

READ_LIMIT = 64 * 1024
NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305 5: start with the next address when one is slow
MAX_ADDRESSES = 6
FAREWELL_SECONDS = 1.0


@dataclass(slots=True)
class Connection:
    """An open stream to the address that was dialled."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str
    port: int
    address: str
    phases: Phases = field(default_factory=Phases)
    certificate: Certificate | None = None

    def finish(self) -> None:
        """Close after what is left to send; nothing waits for the other side."""
        transport = self.writer.transport
        transport.close()
        if self.phases.tls_ms is not None:  # TLS waits for the other side's farewell: not for long
            asyncio.get_running_loop().call_later(FAREWELL_SECONDS, transport.abort)

    def abort(self) -> None:
        """Drop the connection at once; nothing waits for the other side."""
        self.writer.transport.abort()


class Streams:
    """Opener of TCP and TLS streams, within one event loop."""

    def __init__(self, resolver: Resolver, contexts: TlsContexts) -> None:
        self._loop = asyncio.get_running_loop()
        self._resolver = resolver
        self._contexts = contexts

    async def dial(self, host: str, port: int, tls: TlsOptions | None = None) -> Connection:
        """Connect, and speak TLS if asked. Raises AddressRefused and NetworkError."""
        started = monotonic()
        addresses = await self._resolver.resolve(host, port)
        resolved = monotonic()
        notes = trace()
        notes.address = addresses[0]
        notes.stage = "connecting"
        connection = await self._first(addresses[:MAX_ADDRESSES], host, port)
        connected = monotonic()
        notes.address = connection.address
        connection.phases = notes.phases = Phases(
            dns_ms=(resolved - started) * 1000, connect_ms=(connected - resolved) * 1000
        )
        if tls is not None:
            await self.secure(connection, tls, after_talk=False)
        return connection

    async def dial_address(self, address: str, port: int) -> Connection:
        """Connect to an address that no user has chosen, unguarded. Raises NetworkError."""
        trace().address, trace().stage = address, "connecting"
        return await self._open(address, address, port)

    async def secure(
        self, connection: Connection, tls: TlsOptions, *, after_talk: bool = True
    ) -> None:
        """Begin TLS on an open stream, at once or after STARTTLS. Raises NetworkError."""
        notes = trace()
        notes.stage = "negotiating TLS" if after_talk else NEGOTIATING
        if _unread(connection.reader):
            connection.abort()
            if after_talk:
                raise NetworkError(
                    "the server sent more before TLS than it may", FailureKind.PROTOCOL
                )
            raise NetworkError("the server does not speak TLS on this port", FailureKind.TLS)
        name = tls.server_name or connection.host
        started = monotonic()
        try:
            await connection.writer.start_tls(
                self._contexts.get(tls), server_hostname=name.partition("%")[0]
            )
        except ssl.SSLCertVerificationError as error:
            connection.abort()
            if after_talk:  # a second look would need the same talk again
                raise from_exception(error) from None
            raise await self._explained(error, connection, name) from None
        except (OSError, ValueError) as error:
            connection.abort()
            raise tls_failure(error) from None
        except BaseException:
            connection.abort()  # out of time
            raise
        was = connection.phases
        connection.phases = notes.phases = Phases(
            dns_ms=was.dns_ms, connect_ms=was.connect_ms, tls_ms=(monotonic() - started) * 1000
        )
        leaf = _peer_certificate(connection.writer)
        if leaf is not None:
            connection.certificate = notes.certificate = read_der(leaf).shown_by(
                name, connection.port, chain_valid=tls.verify
            )

    async def _first(self, addresses: list[str], host: str, port: int) -> Connection:
        if len(addresses) == 1:
            return await self._open(addresses[0], host, port)
        return await self._race(addresses, host, port)

    async def _race(self, addresses: list[str], host: str, port: int) -> Connection:
        waiting = list(addresses)
        running: set[asyncio.Task[Connection]] = set()
        failures: list[NetworkError] = []
        try:
            while waiting or running:
                if waiting:
                    address = waiting.pop(0)
                    running.add(self._loop.create_task(self._open(address, host, port)))
                done, running = await asyncio.wait(
                    running,
                    timeout=NEXT_ADDRESS_SECONDS if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    error = task.exception()
                    if error is None:
                        for late in done - {task}:
                            _drop(late)
                        return task.result()
                    failures.append(from_exception(error))
        finally:
            for task in running:
                task.cancel()
                task.add_done_callback(_drop)
        raise most_specific(failures)

    async def _open(self, address: str, host: str, port: int) -> Connection:
        reader = asyncio.StreamReader(limit=READ_LIMIT, loop=self._loop)
        try:
            # The host is an address in text, so nothing is looked up on the way to it.
            transport, protocol = await self._loop.create_connection(
                lambda: asyncio.StreamReaderProtocol(reader, loop=self._loop), address, port
            )
        except OSError as error:
            raise from_exception(error) from None
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        return Connection(reader, writer, host, port, address)

    async def _explained(
        self, error: ssl.SSLCertVerificationError, connection: Connection, name: str
    ) -> NetworkError:
        """Look at the refused certificate over a second connection, which says nothing else."""
        generic = from_exception(error)
        trace().stage = "reading the certificate"
        try:
            again = await self._open(connection.address, connection.host, connection.port)
        except NetworkError:
            return generic
        try:
            await again.writer.start_tls(
                self._contexts.get(TlsOptions(verify=False)), server_hostname=name
            )
            leaf = _peer_certificate(again.writer)
        except (OSError, ValueError):
            return generic  # the port wants STARTTLS first, or the server has gone
        finally:
            again.abort()
        if leaf is None:
            return generic
        return certificate_problem(leaf, name, connection.port, str(generic))


def certificate_problem(der: bytes, name: str, port: int, otherwise: str) -> NetworkError:
    """Return the error for a refused certificate, and note the certificate itself."""
    try:
        leaf = read_der(der)
    except ValueError:
        return CertificateProblem("the certificate cannot be read")
    sentence = complaint(leaf, name, utcnow()) or otherwise
    trace().certificate = leaf.shown_by(name, port, chain_valid=False, error=sentence)
    return CertificateProblem(sentence)


def _peer_certificate(writer: asyncio.StreamWriter) -> bytes | None:
    tls = writer.get_extra_info("ssl_object")
    return tls.getpeercert(binary_form=True) if tls is not None else None


def _unread(reader: asyncio.StreamReader) -> bool:
    return bool(reader._buffer)  # type: ignore[attr-defined]  # RFC 3207 6: no plain text before TLS


def _drop(task: "asyncio.Task[Connection]") -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().abort()
