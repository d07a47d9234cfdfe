"""Not one packet to a refused address: every check type, every disguise, every hop."""

import asyncio
import socket
import time
from ipaddress import ip_network
from math import inf

import pytest

from app.domain.checks.addresses import AddressPolicy
from app.domain.types import Status
from app.network.curl import CurlEngine
from app.network.errors import AddressRefused
from app.network.http import HttpRequest
from app.network.network import Network
from app.network.transfer import CurlJob
from tests import certificates, loopback
from tests.checks.matrix import WAYS
from tests.loopback import Answer, go, probe
from tests.network.canary import canary
from tests.waiting import stretched

PUBLIC = AddressPolicy("public")
# Two loopback addresses play the public host and the forbidden one.
SPLIT = AddressPolicy("any", deny=(ip_network("127.0.0.2/32"),))

AT_ONCE_SECONDS = 0.5
ATTEMPTS = 2

FORBIDDEN = [
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "localhost",
    "LOCALHOST",
    "a.localhost",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "ⓛocalhost",
    "0.0.0.0",
    "0.0.0.1",
    "::",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2001:0:0:0:0:0:80ff:fffe",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "fd00:ec2::254",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "5f00::1",
    "3fff::1",
    "2001:db8::1",
]


def test_every_way_of_asking_refuses_every_forbidden_address():
    async def story(port):
        network = Network(PUBLIC, ca_file=certificates.ca_file())
        wrong = []
        try:
            for way in WAYS:
                for host in FORBIDDEN:
                    kind, endpoint, config = way.target(host, port)
                    took = inf
                    for _ in range(ATTEMPTS):  # a busy machine may hold up one, a wait holds up all
                        started = time.monotonic()
                        observation = await probe(kind, endpoint, config, network=network)
                        took = min(took, time.monotonic() - started)
                        if took <= AT_ONCE_SECONDS:
                            break
                    refused = (observation.error or "").startswith("target not allowed: ")
                    if (
                        observation.status is not Status.RED
                        or not refused
                        or took > AT_ONCE_SECONDS
                    ):
                        wrong.append((str(way), host, took, observation))
        finally:
            network.close()
        return wrong

    with canary() as (port, touched):
        wrong = go(story(port))
    assert not wrong
    assert not touched


def test_the_canary_sings_when_it_is_touched():
    with canary() as (port, touched):
        socket.create_connection(("127.0.0.1", port)).close()
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.sendto(b"x", ("127.0.0.1", port))
        sender.close()
    assert len(touched) == 2


def test_libcurl_itself_cannot_dial_a_refused_address():
    """The wall behind the wall: even a URL that nobody has validated is refused at the socket."""

    async def story(port):
        engine = CurlEngine(PUBLIC, certificates.ca_file())
        outcomes = []
        try:
            for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "127.1"):
                url = f"http://{host}:{port}/"
                job = CurlJob(url, host, port)
                outcomes.append(await engine.run(job))
        finally:
            engine.close()
        return outcomes

    with canary() as (port, touched):
        outcomes = go(story(port))
    assert all(outcome.code for outcome in outcomes)
    assert all(outcome.refused for outcome in outcomes if outcome.address)
    assert not touched


def test_open_closed_and_silent_forbidden_ports_look_the_same():
    """No port scanner: the same words in the same time, whatever listens there."""

    async def story(open_port):
        network = Network(PUBLIC)
        found = []
        try:
            for port in (open_port, 1, 65535):
                took = inf
                for _ in range(ATTEMPTS):
                    started = time.monotonic()
                    observation = await probe("TCP", f"127.0.0.1:{port}", network=network)
                    took = min(took, time.monotonic() - started)
                found.append((observation.error, took))
        finally:
            network.close()
        return found

    with canary() as (port, _):
        found = go(story(port))
    assert len({error for error, _ in found}) == 1
    assert max(took for _, took in found) < stretched(0.02)


def test_the_platforms_own_servers_are_refused():
    async def story():
        async with loopback.tcp(loopback.silent) as peer:
            own = frozenset({("127.0.0.1", peer.port)})
            policy = AddressPolicy("public", allow=(ip_network("127.0.0.0/8"),), own=own)
            network = Network(policy)
            try:
                with pytest.raises(AddressRefused, match="platform itself"):
                    await network.connect("127.0.0.1", peer.port)
                with pytest.raises(AddressRefused, match="platform itself"):
                    await network.http(HttpRequest(peer.url()))
                return peer.connections
            finally:
                network.close()

    assert go(story()) == 0


def test_the_door_gives_plain_streams_to_who_asks_for_them():
    async def echo(reader, writer):
        writer.write(await reader.readline())

    async def story():
        async with loopback.tcp(echo) as peer:
            network = Network(SPLIT)
            reader, writer = await network.connect("127.0.0.1", peer.port)
            writer.write(b"hello\n")
            line = await reader.readline()
            writer.close()
            await asyncio.sleep(0)
            network.close()
            return line

    assert go(story()) == b"hello\n"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"])
def test_a_redirect_to_a_forbidden_address_is_refused(status):
    async def story(port):
        target = Answer(status, {"Location": f"http://127.0.0.2:{port}/"})
        network = Network(SPLIT)
        try:
            async with loopback.http(lambda request: target) as (peer, _):
                return await probe("HTTP", peer.url(), network=network)
        finally:
            network.close()

    with canary() as (port, touched):
        observation = go(story(port))
    assert observation.error.startswith(
        "target not allowed: redirect to a forbidden target: 127.0.0.2"
    )
    assert not touched


def test_refresh_is_not_a_redirect():
    async def story():
        headers = {"Refresh": "0; url=http://127.0.0.2/", "Content-Type": "text/html"}
        page = b'<meta http-equiv="refresh" content="0; url=http://127.0.0.2/">'
        answer = Answer(headers=headers, body=page)
        async with loopback.http(lambda request: answer) as (peer, seen):
            return await probe("HTTP", peer.url()), seen

    observation, seen = go(story())
    assert observation.status is Status.GREEN
    assert len(seen) == 1
