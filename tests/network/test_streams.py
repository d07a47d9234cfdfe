"""Streams: the race between addresses, farewells, deadlines, and nothing left open."""

import asyncio
import os
import time
from ipaddress import ip_network

import pytest

from app.domain.checks.addresses import AddressPolicy
from app.domain.types import FailureKind
from app.network.errors import AddressRefused, NetworkError
from app.network.network import Network
from app.network.tls import TlsOptions
from tests import certificates, loopback
from tests.loopback import ANYWHERE, go
from tests.waiting import stretched, until


def with_network(story, policy=ANYWHERE):
    async def run():
        network = Network(policy, ca_file=certificates.ca_file())
        try:
            return await story(network)
        finally:
            network.close()

    return go(run())


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("secure", [False, True])
def test_what_is_sent_last_still_arrives(secure):
    heard: list[bytes] = []

    async def listen(reader, writer):
        heard.append(await reader.read())

    async def story(network):
        tls = certificates.tls_server() if secure else None
        async with loopback.tcp(listen, tls) as peer:
            options = TlsOptions() if secure else None
            async with network.stream("localhost", peer.port, tls=options) as connection:
                connection.writer.write(b"QUIT\r\n")
            await until(lambda: heard, 10)

    with_network(story)
    assert heard == [b"QUIT\r\n"]


def test_a_failure_drops_the_connection_at_once():
    async def story(network):
        async with loopback.tcp(loopback.silent, certificates.tls_server()) as peer:
            before = open_files()
            for _ in range(20):
                with pytest.raises(NetworkError):
                    async with network.stream("localhost", peer.port, tls=TlsOptions()):
                        raise NetworkError("enough", FailureKind.PROTOCOL)
            await until(lambda: open_files() <= before + 3, 10)

    with_network(story)


def test_time_running_out_in_the_race_leaves_nothing_open(monkeypatch):
    async def story(network):
        async def several(host, port=None):
            # Addresses that swallow packets: the connection is never answered.
            return ["127.0.0.1", "127.0.0.3", "127.0.0.4"]

        monkeypatch.setattr(network._resolver, "resolve", several)
        full = loopback.full_backlog()
        async with full as port:
            before = open_files()
            for _ in range(5):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.4), network.stream("many.test", port):
                        pass
            await until(lambda: open_files() <= before + 3, 10)

    with_network(story)


def test_a_slow_address_does_not_hold_up_the_next(monkeypatch):
    async def story(network):
        async def several(host, port=None):
            return ["127.0.0.1", "127.0.0.3"]

        monkeypatch.setattr(network._resolver, "resolve", several)
        async with loopback.full_backlog() as port:
            server = await asyncio.start_server(loopback.silent, "127.0.0.3", port)
            started = time.monotonic()
            async with network.stream("two.test", port) as connection:
                took = time.monotonic() - started
                address = connection.address
            server.close()
            return took, address

    took, address = with_network(story)
    assert address == "127.0.0.3"
    assert 0.2 < took < stretched(1)


def test_one_forbidden_address_refuses_the_host():
    policy = AddressPolicy("any", deny=(ip_network("::1/128"),))

    async def story(network):
        async with loopback.tcp(loopback.silent) as peer:
            with pytest.raises(AddressRefused):
                await network.connect("localhost", peer.port)
            return peer.connections

    assert with_network(story, policy) == 0
