"""A thousand checks of mixed types in flight fit into the memory of one worker."""

import subprocess
import sys

import pytest

from tests.waiting import stretched

LIMIT_MB = 150
CHECKS = 1_000
PROGRAM = """
import asyncio, sys, uvloop
from app.checks import CHECK_TYPES
from app.checks.runner import run
from app.domain.types import Target
from app.network.network import Network
from app.network.policy import AddressPolicy
from tests.checks.matrix import WAYS

def megabytes(what):
    # not getrusage(): its maximum counts the parent before exec() too
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith(what))

async def main(port, checks, seconds):
    network = Network(AddressPolicy())
    ways = [way for way in WAYS if way.tcp]
    empty = megabytes("VmRSS")
    tasks = []
    for number in range(checks):
        kind, endpoint, config = ways[number % len(ways)].target("127.0.0.1", port)
        loaded = CHECK_TYPES[kind].config_schema().load(config)
        target = Target(kind, endpoint, seconds, 1000, loaded)
        tasks.append(asyncio.create_task(run(target, network)))
    await asyncio.sleep(seconds / 2)
    flying = sum(not task.done() for task in tasks)
    print(empty, megabytes("VmRSS"), flying)
    await asyncio.gather(*tasks)
    print(megabytes("VmHWM"))
    network.close()

uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
"""
SILENT_SERVER = """
import asyncio, uvloop
async def main():
    server = await asyncio.get_running_loop().create_server(
        asyncio.Protocol, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
uvloop.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_thousand_checks_in_flight():
    server = subprocess.Popen(
        [sys.executable, "-c", SILENT_SERVER], stdout=subprocess.PIPE, text=True
    )
    try:
        port = server.stdout.readline().strip()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, port, str(CHECKS), str(stretched(6))],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
    first, peak = done.stdout.splitlines()
    empty, flying_mb, flying = map(int, first.split())
    print(f"{empty} MB empty, {flying_mb} MB with {flying} checks in flight, {peak} MB at most")
    assert flying == CHECKS
    assert int(peak) < LIMIT_MB
