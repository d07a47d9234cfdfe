"""A monitor cut off from its network: no outage is invented, and one alert speaks of the monitor.

The targets live in a network namespace of the test's own, behind a virtual cable that is cut.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.product import Product
from tests.namespaces import ip, namespace, needs_namespaces, own_network
from tests.waiting import seconds_until

OURS, THEIRS = "ours", "theirs"  # within namespaces of this test, so that no name is taken
NETWORK = "10.231.7"
HOSTS = 100
SERVICES = 200
CUT_SECONDS = 15

SERVER = """
import asyncio
async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "0.0.0.0", 8080, backlog=512)
    print("listening", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

pytestmark = needs_namespaces


@dataclass(frozen=True)
class Cable:
    """What lies at its far end: a namespace, known by a process that holds it."""

    holder: int

    def inside(self, *arguments: str) -> list[str]:
        return ["nsenter", "-t", str(self.holder), "-n", *arguments]

    def ip(self, *arguments: str) -> None:
        subprocess.run(self.inside("ip", *arguments), check=True)


@pytest.fixture
def cable() -> Iterator[Cable]:
    """Two ends of a cable: this test and the product are at one, in a namespace of their own.

    There is no way out of it but this cable. In the machine's own namespace nothing changes:
    Chromium, which other tests run there, gives up whatever it loads when an address comes or goes.
    """
    with own_network(), namespace() as holder:
        far = Cable(holder)
        ip("link", "add", OURS, "type", "veth", "peer", "name", THEIRS, "netns", str(holder))
        ip("addr", "add", f"{NETWORK}.1/24", "dev", OURS)
        ip("link", "set", OURS, "up")
        for host in range(10, 10 + HOSTS):
            far.ip("addr", "add", f"{NETWORK}.{host}/24", "dev", THEIRS)
        far.ip("link", "set", THEIRS, "up")
        yield far


@pytest.fixture
def targets(cable: Cable) -> Iterator[Cable]:
    """A hundred hosts that answer."""
    server = subprocess.Popen(
        cable.inside(sys.executable, "-c", SERVER), stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        assert "listening" in server.stdout.readline()
        yield cable
    finally:
        server.kill()
        server.wait()


def test_a_cut_cable_is_no_outage(targets: Cable) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-blind-") as folder,
        Product(Path(folder).resolve()) as product,
    ):
        product.ready()
        product.register()
        for number in range(SERVICES):
            product.service(
                f"http://{NETWORK}.{10 + number % HOSTS}:8080/",
                name=f"Shop {number}",
                check_interval_seconds=4,
                timeout_seconds=2,
                slow_threshold_ms=60000,
            )
        seconds_until(lambda: statuses(product) == {"GREEN"}, 40)
        targets.ip("link", "set", THEIRS, "down")
        seconds_until(lambda: product.call("GET", "/alerts"), 40)
        time.sleep(CUT_SECONDS)
        alerts = product.call("GET", "/alerts")
        assert [alert["title"] for alert in alerts] == ["The monitor is blind"]
        assert statuses(product) == {"UNKNOWN"}
        targets.ip("link", "set", THEIRS, "up")
        seconds_until(lambda: statuses(product) == {"GREEN"}, 40)
        seconds_until(lambda: product.call("GET", "/alerts") == [], 40)
        with product.database() as connection:
            red = connection.execute(
                "SELECT checked_at, error FROM check_results WHERE status = 'RED'"
            ).fetchall()
            (unknown,) = connection.execute(
                "SELECT count(*) FROM check_results WHERE status = 'UNKNOWN'"
            ).fetchone() or (0,)
        assert red == []
        assert unknown >= SERVICES


def statuses(product: Product) -> set[str]:
    return {service["status"] for service in product.call("GET", "/services?limit=1000")}
