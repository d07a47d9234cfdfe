"""Lines and bytes on a connection, bounded and with sentences, for checks of a protocol."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from marshmallow import ValidationError

from app.checks.base import CheckFailed, ProtocolBroken
from app.checks.fields import flag
from app.domain.checks.endpoints import parse_host_port
from app.domain.types import FailureKind, Probe, Target
from app.network.errors import NetworkError, from_exception
from app.network.first_bytes import known_protocol
from app.network.network import Network
from app.network.streams import Connection
from app.network.tls import TlsOptions
from app.network.trace import trace

MAX_LINES = 200
MAX_LINE = 16 * 1024
_REST_SECONDS = 0.2


class Wire:
    """One connection of one check."""

    def __init__(self, network: Network, connection: Connection) -> None:
        self._network = network
        self.connection = connection
        self.has_answered = False

    def stage(self, what: str) -> None:
        """Say what is waited for, should time run out."""
        trace().stage = what

    def send(self, data: bytes) -> None:
        """Send; a closed connection shows when the answer is read."""
        self.connection.writer.write(data)

    async def line(self) -> str:
        """Return the next line without its end. Raises CheckFailed, NetworkError."""
        try:
            data = await self.connection.reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            trace().note(error.partial)
            raise self._closed(error.partial) from None
        except asyncio.LimitOverrunError:
            raise ProtocolBroken("the server sends text without a line break") from None
        except OSError as error:
            raise self._broken(error) from None
        self.has_answered = True
        trace().note(data)
        if len(data) > MAX_LINE:
            raise ProtocolBroken("the server sends an endless line")
        return data.decode("utf-8", "replace").rstrip("\r\n")

    async def exactly(self, size: int) -> bytes:
        """Return so many bytes. Raises CheckFailed, NetworkError."""
        try:
            data = await self.connection.reader.readexactly(size)
        except asyncio.IncompleteReadError as error:
            trace().note(error.partial)
            raise self._closed(error.partial) from None
        except OSError as error:
            raise self._broken(error) from None
        self.has_answered = True
        trace().note(data)
        return data

    async def some(self) -> bytes:
        """Return what has arrived, at least a byte. Raises CheckFailed, NetworkError."""
        try:
            data = await self.connection.reader.read(64 * 1024)
        except OSError as error:
            raise self._broken(error) from None
        if not data:
            raise self._closed(b"")
        self.has_answered = True
        trace().note(data)
        return data

    async def other_protocol(self, wanted: str, begun: bytes) -> ProtocolBroken:
        """Return the error that a server does not speak a protocol, naming what it speaks instead.

        `begun` is what was read of its answer; the rest of it comes at once, or is not waited for.
        """
        said = begun
        with suppress(TimeoutError, CheckFailed, NetworkError):
            async with asyncio.timeout(_REST_SECONDS):
                said += await self.some()
        return ProtocolBroken(f"the server does not speak {wanted}{known_protocol(said)}")

    async def start_tls(self, *, verify: bool = True, check_host: bool = True) -> None:
        """Begin TLS on this connection. Raises NetworkError."""
        options = TlsOptions(verify=verify, check_host=check_host)
        await self._network.start_tls(self.connection, options)

    def _closed(self, partial: bytes) -> CheckFailed:
        if partial:
            sentence = "the server closed the connection in the middle of an answer"
        else:
            sentence = f"the server closed the connection without answering{self._likely_cause()}"
        return CheckFailed(sentence, kind=FailureKind.CLOSED)

    def _broken(self, error: OSError) -> Exception:
        if isinstance(error, ConnectionResetError) and not self.has_answered:
            sentence = f"the server reset the connection without answering{self._likely_cause()}"
            return CheckFailed(sentence, kind=FailureKind.CLOSED)
        return from_exception(error)

    def _likely_cause(self) -> str:
        if self.has_answered:
            return ""
        secured = self.connection.phases.tls_ms is not None
        return f"; it may want {'a client certificate' if secured else 'TLS from the first byte'}"

    def probe(self) -> Probe:
        """Return the probe of a check that passed."""
        return Probe(
            ok=True, phases=self.connection.phases, certificate=self.connection.certificate
        )


@asynccontextmanager
async def wire_to(
    target: Target,
    network: Network,
    *,
    tls: bool,
    verify: bool | None = None,
    default_port: int | None = None,
) -> AsyncIterator[Wire]:
    """Connect to the target's endpoint for the time of a `with` block. Raises NetworkError."""
    endpoint = parse_host_port(target.endpoint, default_port)
    wanted = verifies(target.config) if verify is None else verify
    options = TlsOptions(verify=wanted) if tls else None
    async with network.stream(endpoint.host, endpoint.port, tls=options) as connection:
        yield Wire(network, connection)


def port_of(target: Target, default_port: int) -> int:
    """Return the port of the target's endpoint."""
    return parse_host_port(target.endpoint, default_port).port


def refuse_two_ways(data: Mapping[str, Any], other: str) -> None:
    """Refuse TLS from the first byte together with a later change to it. Raises ValidationError."""
    if data.get("tls") and data.get(other):
        raise ValidationError(f"Choose tls or {other}: TLS begins once.", other)


def verifies(config: Mapping[str, Any]) -> bool:
    """Tell whether certificates are to be verified: yes, unless the config says otherwise."""
    return bool(config.get("verify_tls", True))


def tls_flag(description: str = "speak TLS from the first byte") -> Any:
    """Return the `tls` switch of a config."""
    return flag(description, False)


def verify_flag() -> Any:
    """Return the `verify_tls` switch of a config."""
    return flag("verify certificate and host name where TLS is spoken", True)
