"""A monitor cut off from its network: no outage is invented, and one alert speaks of the monitor.

The targets live in a network namespace of the test's own, behind a virtual cable that is cut.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.flows.product import Product
from tests.waiting import seconds_until

NAMESPACE, OURS, THEIRS = "alertify-blind", "alertify-b0", "alertify-b1"
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

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None,
    reason="making a network namespace needs root and iproute2",
)


def ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)


def inside(*arguments: str) -> list[str]:
    return ["ip", "netns", "exec", NAMESPACE, *arguments]


def remove_cable() -> None:
    ip("link", "del", OURS, check=False)
    ip("netns", "del", NAMESPACE, check=False)
    ip("route", "del", "blackhole", f"{NETWORK}.0/24", check=False)


@pytest.fixture
def cable() -> Iterator[None]:
    """Two ends of a cable; ours has a route of its own, so that nothing ever leaves elsewhere."""
    remove_cable()
    try:
        ip("netns", "add", NAMESPACE)
    except subprocess.CalledProcessError as refused:
        pytest.skip(f"this machine makes no network namespaces: {refused.stderr!r}")
    try:
        ip("route", "add", "blackhole", f"{NETWORK}.0/24", "metric", "4000")
        ip("link", "add", OURS, "type", "veth", "peer", "name", THEIRS)
        ip("link", "set", THEIRS, "netns", NAMESPACE)
        ip("addr", "add", f"{NETWORK}.1/24", "dev", OURS)
        ip("link", "set", OURS, "up")
        for host in range(10, 10 + HOSTS):
            address = f"{NETWORK}.{host}/24"
            subprocess.run(inside("ip", "addr", "add", address, "dev", THEIRS), check=True)
        subprocess.run(inside("ip", "link", "set", THEIRS, "up"), check=True)
        yield
    finally:
        remove_cable()


@pytest.fixture
def targets(cable: None) -> Iterator[None]:
    """A hundred hosts that answer."""
    server = subprocess.Popen(
        inside(sys.executable, "-c", SERVER), stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        assert "listening" in server.stdout.readline()
        yield
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(5)


def test_a_cut_cable_is_no_outage(targets: None) -> None:
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
        subprocess.run(inside("ip", "link", "set", THEIRS, "down"), check=True)
        seconds_until(lambda: product.call("GET", "/alerts"), 40)
        time.sleep(CUT_SECONDS)
        alerts = product.call("GET", "/alerts")
        assert [alert["title"] for alert in alerts] == ["The monitor is blind"]
        assert statuses(product) == {"UNKNOWN"}
        subprocess.run(inside("ip", "link", "set", THEIRS, "up"), check=True)
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
