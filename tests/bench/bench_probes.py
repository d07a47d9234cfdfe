"""How many checks one core can make: the probe alone, without queue and database.

The server is a process of its own; "per core" counts the CPU time of the client alone.
"""

import asyncio
import multiprocessing
import resource
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import trustme
import uvloop

from app.checks import runner
from app.domain.types import Status, Target
from app.network.http import HttpRequest
from app.network.network import Network
from app.network.policy import AddressPolicy
from tests.bench.world import World

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
    b"Connection: close\r\n\r\nok"
)
WORKERS = 200
SECONDS = 3
Row = tuple[str, str, str]


class _FastHttp(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(ANSWER)
            self._transport.close()


class _FastDns(asyncio.DatagramProtocol):
    """Answers every question for an A record with 127.0.0.1 and a time to live of zero."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        end = data.index(b"\0", 12) + 5
        found = data[end - 4 : end - 2] == b"\0\1"
        head = data[:2] + b"\x81\x80\0\1" + (b"\0\1" if found else b"\0\0") + bytes(4)
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if found else b""
        self._transport.sendto(head + data[12:end] + record, addr)


def serve(directory: str, ports: Any) -> None:
    """Serve HTTP, HTTPS and DNS until the process is ended."""

    async def main() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{directory}/server.pem")
        loop = asyncio.get_running_loop()
        servers = [
            await loop.create_server(_FastHttp, "127.0.0.1", 0, backlog=4096, ssl=tls)
            for tls in (None, context)
        ]
        names, _ = await loop.create_datagram_endpoint(_FastDns, local_addr=("127.0.0.1", 0))
        found = [server.sockets[0].getsockname()[1] for server in servers]
        ports.send([*found, names.get_extra_info("sockname")[1]])
        await asyncio.gather(*(server.serve_forever() for server in servers))

    uvloop.run(main())


async def measure(name: str, once: Callable[[], Awaitable[None]]) -> Row:
    """Repeat one probe side by side and return its row."""
    for _ in range(50):
        await once()
    done = 0
    wall, cpu = perf_counter(), process_time()

    async def worker() -> None:
        nonlocal done
        while perf_counter() - wall < SECONDS:
            await once()
            done += 1

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    wall, cpu = perf_counter() - wall, process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    detail = f"{cpu / done * 1e6:.0f} us each; {memory} MB"
    return (f"{name}, checks/s per core", f"{done / cpu:,.0f}", detail)


async def client(directory: str, ports: list[int]) -> list[Row]:
    """Measure every kind of probe."""
    http_port, https_port, dns_port = ports
    network = Network(
        AddressPolicy(),
        ca_file=f"{directory}/ca.pem",
        nameservers=(f"127.0.0.1:{dns_port}",),
    )
    plain, secure = f"http://127.0.0.1:{http_port}/", f"https://127.0.0.1:{https_port}/"

    async def request() -> None:
        response = await network.http(HttpRequest(plain))
        assert response.status_code == 200

    def check(kind: str, endpoint: str) -> Callable[[], Awaitable[None]]:
        target = Target(kind, endpoint, 10, 5000, {})

        async def once() -> None:
            observation = await runner.run(target, network)
            assert observation.status is Status.GREEN, observation

        return once

    named = f"http://www.bench.test:{http_port}/"
    rows = [
        await measure("network.http, fresh connection", request),
        await measure("HTTP", check("HTTP", plain)),
        await measure("HTTP, name looked up", check("HTTP", named)),
        await measure("HTTPS, certificate recorded", check("HTTP", secure)),
        await measure("TCP", check("TCP", f"127.0.0.1:{http_port}")),
    ]
    network.close()
    return rows


def run(_: World) -> list[Row]:
    """Return rows of (what, figure, detail)."""
    with tempfile.TemporaryDirectory() as directory:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(Path(directory) / "ca.pem"))
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(f"{directory}/server.pem")
        receive, send = multiprocessing.Pipe(duplex=False)
        server = multiprocessing.get_context("spawn").Process(
            target=serve, args=(directory, send), daemon=True
        )
        server.start()
        try:
            return uvloop.run(client(directory, receive.recv()))
        finally:
            server.terminate()
            server.join()
