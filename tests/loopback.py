"""Real throw-away servers on 127.0.0.1: polite ones and hostile ones, plain and behind TLS."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from app.checks import CHECK_TYPES
from app.checks.runner import run
from app.domain.checks.secret_references import fill
from app.domain.types import Observation, Target
from app.network.network import Network
from app.network.policy import AddressPolicy
from tests.certificates import authority, ca_file, self_signed, tls_server

__all__ = ["authority", "ca_file", "self_signed", "tls_server"]  # for tests that serve over TLS

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANYWHERE = AddressPolicy()


@dataclass
class Peer:
    """A running server: where it listens and what it has seen."""

    port: int
    connections: int = 0
    received: list[bytes] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        """Return host:port."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/", scheme: str = "http", host: str = "127.0.0.1") -> str:
        """Return a URL of this server."""
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def tcp(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """Serve TCP connections; every handler is ended with the server."""
    peer = Peer(0)
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            # start_server() of Python 3.11 logs a cancelled handler as a fault
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)
        finally:
            tasks.discard(task)
            with suppress(OSError, RuntimeError):
                writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class Request:
    """What an HTTP server received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What an HTTP server answers."""

    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"


Responder = Callable[[Request], Answer]


@asynccontextmanager
async def http(
    responder: Responder = lambda request: Answer(), tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Peer, list[Request]]]:
    """Serve HTTP/1.1, one request a connection; yields the server and the requests seen."""
    seen: list[Request] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(method, path, headers, body)
        seen.append(request)
        answer = responder(request)
        lines = {"Content-Length": str(len(answer.body)), "Connection": "close"}
        lines.update(answer.headers)
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {answer.status}\r\n{text}\r\n".encode("latin-1"))
        if method != "HEAD":
            writer.write(answer.body)
        await writer.drain()

    async with tcp(handler, tls) as peer:
        yield peer, seen


@asynccontextmanager
async def full_backlog() -> AsyncIterator[int]:
    """Yield a port whose queue is full: who connects gets no answer at all."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            waiting.append(one)
        await asyncio.sleep(0.05)
        try:
            yield port
        finally:
            for one in waiting:
                one.close()


def stops_after(data: bytes) -> Handler:
    """Return a handler that sends this much and then nothing more."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await asyncio.sleep(3600)

    return handler


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept and say nothing."""
    await asyncio.sleep(3600)


async def half_a_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begin something that looks like every protocol and stop."""
    await stops_after(b"2")(reader, writer)


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send what no protocol says, then close."""
    writer.write(b"\xff\x00\xfe garbage \x1b[31m \r\n" * 20)
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(4096), 0.05)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte a second for ever."""
    while True:
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(1)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send without end and without a line break."""
    while True:
        writer.write(b"2" * 65536)
        await writer.drain()
        await asyncio.sleep(0)


async def close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


async def reset_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close with a reset."""
    socket_ = writer.get_extra_info("socket")
    socket_.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def endless_body(chunk: bytes, headers: bytes = b"", pause: float = 0.0) -> Handler:
    """Return a handler for an HTTP answer that never ends."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n")
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)

    return handler


def bomb(megabytes: int) -> bytes:
    """Return zeros that a gzip decoder blows up to so many megabytes."""
    return gzip.compress(b"\0" * (megabytes << 20), compresslevel=9)


def go(story: Awaitable[Any]) -> Any:
    """Run a story in a fresh uvloop, as a worker would."""
    return uvloop.run(story)  # type: ignore[arg-type]


async def probe(
    check_type: str,
    endpoint: str,
    config: Mapping[str, Any] | None = None,
    *,
    timeout_seconds: float = 2,
    slow_threshold_ms: int = 1500,
    policy: AddressPolicy = ANYWHERE,
    trusted: bool = True,
    network: Network | None = None,
    body_texts: frozenset[str] = frozenset(),
    secrets: Mapping[str, str] | None = None,
) -> Observation:
    """Run one check as a worker would, through its endpoint's and its config's validation, and with
    the values of secrets filled in after that."""
    check = CHECK_TYPES[check_type]
    loaded = check.config_schema().load(config or {})
    target = Target(
        check_type=check_type,
        endpoint=check.validate_endpoint(endpoint),
        timeout_seconds=timeout_seconds,
        slow_threshold_ms=slow_threshold_ms,
        config=fill(loaded, secrets) if secrets else loaded,
        body_texts=body_texts,
    )
    door = network or Network(policy, ca_file=ca_file() if trusted else None)
    try:
        return await run(target, door)
    finally:
        if network is None:
            door.close()


def may_ping() -> bool:
    """False where the kernel gives this user neither a ping socket nor a raw one (icmp(7))."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        return True
    return False


needs_ping = pytest.mark.skipif(not may_ping(), reason="this kernel lets nobody ping")
