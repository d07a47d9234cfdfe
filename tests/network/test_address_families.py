"""Names with an IPv6 and an IPv4 address: a family that is dead must not hide the other's story."""

import asyncio
import ctypes
import errno
import json
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dnslib import AAAA, QTYPE, RR, A

from app.domain.types import FailureKind, Status
from app.local import ports
from app.network.errors import from_errno, most_specific
from app.network.network import Network
from tests import certificates, loopback
from tests.checks.servers import name_server
from tests.loopback import ANYWHERE, close_at_once, go, probe, tcp

ROOT = Path(__file__).parents[2]
NEW_NETWORK = 0x40000000  # CLONE_NEWNET


class BothFamilies:
    """A name server: every name has an IPv6 and an IPv4 address."""

    def __init__(self, six="::1", four="127.0.0.1"):
        self._records = {"A": A(four), "AAAA": AAAA(six)}

    def resolve(self, request, handler):
        reply = request.reply()
        rdata = self._records.get(QTYPE[request.q.qtype])
        if rdata is not None:
            reply.add_answer(RR(request.q.qname, request.q.qtype, rdata=rdata, ttl=0))
        return reply


@asynccontextmanager
async def named_network(*addresses):
    with name_server(BothFamilies(*addresses)) as server:
        network = Network(ANYWHERE, ca_file=certificates.ca_file(), nameservers=(server,))
        try:
            yield network
        finally:
            network.close()


def ask(check_type, form, handler, tls=None, config=None):
    """Ask a server that listens on 127.0.0.1 alone by a name that has ::1 as well."""

    async def story():
        async with named_network() as network, tcp(handler, tls) as peer:
            endpoint = form.format(port=peer.port)
            return await probe(check_type, endpoint, config, network=network)

    return go(story())


async def http_error(reader, writer):
    await reader.readuntil(b"\r\n\r\n")


def wants_client_certificate(version):
    context = certificates.tls_server("both.test")
    context.minimum_version = context.maximum_version = version
    context.verify_mode = loopback.ssl.CERT_REQUIRED
    context.load_verify_locations(certificates.ca_file())
    return context


STORIES = {
    "closes": lambda: ask("HTTP", "http://both.test:{port}/", http_error),
    "no TLS": lambda: ask("HTTP", "https://both.test:{port}/", close_at_once),
    "no TLS, stream": lambda: ask("SSL", "both.test:{port}", close_at_once),
    "old client certificate": lambda: ask(
        "HTTP",
        "https://both.test:{port}/",
        http_error,
        wants_client_certificate(loopback.ssl.TLSVersion.TLSv1_2),
    ),
    "refused": lambda: go(refused("HTTP", "http://both.test:1/")),
    "refused, stream": lambda: go(refused("TCP", "both.test:1")),
    "refused, UDP": lambda: go(refused("UDP", "both.test:1")),
    "answers, PING": lambda: go(refused("PING", "both.test")),
}


async def refused(check_type, endpoint):
    async with named_network() as network:
        return await probe(check_type, endpoint, network=network)


def expect_red(name, observation):
    assert observation.status is Status.RED, observation
    assert observation.failure_kind not in (FailureKind.OWN_LIMIT, FailureKind.UNREACHABLE)
    assert ("refused" in observation.error) is name.startswith("refused"), observation.error


@pytest.mark.parametrize("name", [name for name in STORIES if "answers" not in name])
def test_the_living_family_tells_the_cause(name):
    expect_red(name, STORIES[name]())


def told_in_a_namespace(module):
    """Return what stories tell in a network namespace: status, kind and error by their names."""
    run = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if run.returncode == 77:
        pytest.skip(f"a network namespace is not permitted here: {run.stdout}")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_without_ipv6_an_outage_is_an_outage():
    """The same in a network namespace that has no IPv6, as a Docker network by default."""
    told = told_in_a_namespace("tests.network.test_address_families")
    for name, (status, kind, error) in told.items():
        if name.startswith("answers"):
            assert status == "GREEN" or (kind == "own_limit" and "ping" in error), (name, error)
        else:
            assert status == "RED", (name, error)
            assert kind not in ("own_limit", "unreachable"), (name, error)


def test_what_is_told_of_several_addresses():
    gone, dead = from_errno(errno.EADDRNOTAVAIL), from_errno(errno.ENETUNREACH)
    refusal, spent = from_errno(errno.ECONNREFUSED), from_errno(errno.EMFILE)
    assert most_specific([gone, refusal]) is most_specific([dead, refusal]) is refusal
    assert most_specific([refusal, spent]) is spent
    assert most_specific([gone]) is gone


class Echo(asyncio.DatagramProtocol):
    """Answers pong on one address."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(b"pong", peer)


@pytest.mark.parametrize("first", ["closed", "silent"])
@pytest.mark.parametrize("config", [{"payload": "ping", "expect": "pong"}, {"payload": "ping"}])
def test_udp_tries_every_address(first, config):
    async def story():
        loop = asyncio.get_running_loop()
        port = ports.choose(None)  # which is free in both families
        transport, _ = await loop.create_datagram_endpoint(Echo, ("127.0.0.1", port))
        mute = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        if first == "silent":
            mute.bind(("::1", port))
        try:
            async with named_network() as network:
                return await probe("UDP", f"both.test:{port}", config, network=network)
        finally:
            mute.close()
            transport.close()

    assert go(story()).status in (Status.GREEN, Status.YELLOW)


def test_a_name_server_given_by_name_is_asked_at_every_address():
    async def story():
        async with named_network() as network:
            port = network.nameservers()[0][1]  # it listens on 127.0.0.1 alone
            resolver = {"resolver": f"both.test:{port}"}
            return await probe("DNS", "some.test", resolver, network=network)

    assert go(story()).status is Status.GREEN


def enter_network_namespace() -> None:
    """Move this process into a network namespace of its own; exit where that is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK) != 0:
        print(f"unshare: error {ctypes.get_errno()}")
        sys.exit(77)


def set_up(*commands: str) -> None:
    """Allow to ping, bring the loopback up, and run commands of `ip`; exit where that fails."""
    try:
        Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
        for command in ("link set lo up", *commands):
            subprocess.run(["ip", *command.split()], check=True)
    except (OSError, subprocess.SubprocessError) as error:
        print(error)
        sys.exit(77)


def tell(stories) -> None:
    """Print what stories tell as JSON: status, kind and error by their names."""
    seen = {name: story() for name, story in stories.items()}
    print(
        json.dumps({name: [one.status, one.failure_kind, one.error] for name, one in seen.items()})
    )


def _without_ipv6() -> None:
    """Move this process into a network namespace with a loopback of IPv4 alone, or exit."""
    enter_network_namespace()
    try:
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
    except OSError as error:
        print(error)
        sys.exit(77)
    set_up()


if __name__ == "__main__":
    _without_ipv6()
    tell(STORIES)
