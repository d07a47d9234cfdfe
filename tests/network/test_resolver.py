"""Name lookups: hosts file, silent and failing name servers, many at once."""

import asyncio
import time

import pytest

from app.network.errors import Inconclusive, NetworkError
from app.network.network import Network
from tests.loopback import ANYWHERE, go
from tests.waiting import stretched


def resolving(story, *nameservers):
    async def run():
        network = Network(ANYWHERE, nameservers=nameservers)
        try:
            return await story(network)
        finally:
            network.close()

    return go(run())


def test_addresses_and_the_hosts_file_need_no_name_server():
    async def story(network):
        return (
            await network.resolve("192.0.2.1"),
            await network.resolve("2001:db8::1"),
            set(await network.resolve("localhost")),
        )

    address, address6, local = resolving(story, "127.0.0.1:1")
    assert address == ["192.0.2.1"]
    assert address6 == ["2001:db8::1"]
    assert "127.0.0.1" in local


def test_a_closed_name_server_is_the_monitors_own_trouble():
    async def story(network):
        with pytest.raises((Inconclusive, NetworkError), match="name server"):
            await network.resolve("a.test")

    resolving(story, "127.0.0.1:1")


def test_many_names_of_a_silent_server_do_not_hold_up_each_other():
    async def story():
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        network = Network(ANYWHERE, nameservers=(f"127.0.0.1:{port}",))
        waiting = [asyncio.create_task(network.resolve(f"h{n}.test")) for n in range(500)]
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await network.resolve("localhost")
        took = time.monotonic() - started
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        network.close()
        transport.close()
        return took

    assert go(story()) < stretched(0.2)


def test_the_systems_name_servers_are_known():
    async def story(network):
        return network.nameservers()

    assert resolving(story, "127.0.0.1:5353", "[::1]:53") == [("127.0.0.1", 5353), ("::1", 53)]
