"""Every check type against hosts that misbehave: a reason, in time, in bounded memory."""

import asyncio
import ssl
import time

import pytest

from app.domain.types import Status
from app.network.network import Network
from tests import certificates, loopback
from tests.checks.matrix import WAYS
from tests.loopback import ANYWHERE, go, probe

TIMEOUT = 0.6
GRACE = 0.5
TCP_WAYS = [way for way in WAYS if way.tcp]
HANDLERS = {
    "says nothing": loopback.silent,
    "half a line": loopback.half_a_line,
    "garbage": loopback.garbage,
    "drips": loopback.drip,
    "closes at once": loopback.close_at_once,
    "resets at once": loopback.reset_at_once,
    "floods": loopback.flood,
}


async def ask_all(handler, tls=None, side_by_side=6):
    """Probe one misbehaving server in every way; return what came of each, with its seconds."""
    gate = asyncio.Semaphore(side_by_side)
    async with loopback.tcp(handler, tls) as peer:
        network = Network(ANYWHERE, ca_file=certificates.ca_file())

        async def one(way):
            kind, endpoint, config = way.target("127.0.0.1", peer.port)
            async with gate:
                started = time.monotonic()
                observation = await probe(
                    kind, endpoint, config, timeout_seconds=TIMEOUT, network=network
                )
                return way, observation, time.monotonic() - started

        try:
            return await asyncio.gather(*map(one, TCP_WAYS))
        finally:
            network.close()


def assert_answers(results):
    for way, observation, seconds in results:
        assert observation.status is Status.RED, f"{way}: {observation}"
        assert seconds < TIMEOUT + GRACE, f"{way} took {seconds:.2f} s"
        error = observation.error
        assert error, way
        assert len(error) <= 500, way
        assert error.isprintable(), f"{way}: {error!r}"
        assert "check itself failed" not in error, f"{way}: {error}"
        assert "libcurl" not in error, f"{way}: {error}"


@pytest.mark.parametrize("name", HANDLERS)
def test_misbehaving_servers(name):
    assert_answers(go(ask_all(HANDLERS[name], side_by_side=2 if name == "floods" else 12)))


def test_servers_that_speak_tls_to_plain_clients():
    context = certificates.tls_server("localhost", "127.0.0.1")
    results = go(ask_all(loopback.silent, context, side_by_side=12))
    secure = {"tls", "verify_tls"}
    assert_answers(
        [
            (way, observation, seconds)
            for way, observation, seconds in results
            if not secure & set(way.config) and not (way.check_type == "SSL" and not way.config)
        ]
    )


def test_servers_that_begin_tls_and_stop():
    async def handler(reader, writer):
        await reader.read(4096)
        writer.write(b"\x16\x03\x03\x00\x7a\x02\x00")  # the first bytes of a ServerHello
        await asyncio.sleep(3600)

    assert_answers(go(ask_all(handler, side_by_side=12)))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 600, b"\xff" * 65_000, b"garbage"],
    ids=["silence", "zeros", "much", "garbage"],
)
def test_misbehaving_datagrams(data):
    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, received, addr):
            if data:
                self.transport.sendto(data, addr)

    async def story():
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Protocol, local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        results = []
        for way in WAYS:
            if way.check_type in ("UDP", "DNS"):
                kind, endpoint, config = way.target("127.0.0.1", port)
                started = time.monotonic()
                observation = await probe(kind, endpoint, config, timeout_seconds=TIMEOUT)
                results.append((way, observation, time.monotonic() - started))
        transport.close()
        return results

    assert_answers(go(story()))


def test_a_server_that_asks_for_a_client_certificate():
    context = certificates.tls_server()
    certificates.authority().configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    async def story():
        async with loopback.tcp(loopback.silent, context) as peer:
            return (
                await probe("HTTP", f"https://127.0.0.1:{peer.port}/"),
                await probe("SSL", f"127.0.0.1:{peer.port}"),
            )

    for observation in go(story()):
        assert observation.status is Status.RED
