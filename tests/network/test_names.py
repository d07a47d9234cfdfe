"""Names that lead to forbidden addresses: mixed answers, chains, rebinding."""

import asyncio
import socket
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest
from dnslib import CNAME, QTYPE, RR, A

from app.domain.checks.addresses import AddressPolicy
from app.network.network import Network
from tests import certificates, loopback
from tests.checks.matrix import WAYS
from tests.checks.servers import name_server
from tests.loopback import go, probe
from tests.network.canary import canary

# Two loopback addresses play the public host and the forbidden one.
SPLIT = AddressPolicy("any", deny=(ip_network("127.0.0.2/32"),))


class Names:
    """A name server that answers from a function of (name, how often it was asked)."""

    def __init__(self, answers):
        self._answers = answers
        self._asked: dict[str, int] = {}

    def resolve(self, request, handler):
        name = str(request.q.qname).rstrip(".")
        reply = request.reply()
        if QTYPE[request.q.qtype] == "A":
            self._asked[name] = self._asked.get(name, 0) + 1
            for record in self._answers(name, self._asked[name]):
                reply.add_answer(record)
        return reply


def address(name, text):
    return RR(name, QTYPE.A, rdata=A(text), ttl=0)


@asynccontextmanager
async def named(answers, policy=SPLIT):
    """Yield a network whose names come from a function."""
    with name_server(Names(answers)) as server:
        network = Network(policy, ca_file=certificates.ca_file(), nameservers=(server,))
        try:
            yield network
        finally:
            network.close()


@pytest.mark.parametrize("order", [("127.0.0.1", "127.0.0.2"), ("127.0.0.2", "127.0.0.1")])
@pytest.mark.parametrize("way", [way for way in WAYS if way.tcp], ids=str)
def test_a_name_with_one_forbidden_answer_is_refused(way, order):
    async def story(port):
        async with named(lambda name, nth: [address(name, one) for one in order]) as network:
            kind, endpoint, config = way.target("mixed.test", port)
            return await probe(kind, endpoint, config, network=network)

    with canary() as (port, touched):
        observation = go(story(port))
    assert "127.0.0.2 is in 127.0.0.2/32, which the operator has denied" in observation.error
    assert not touched


def test_a_chain_of_names_to_a_forbidden_address_is_refused():
    def answers(name, nth):
        return [
            RR(name, QTYPE.CNAME, rdata=CNAME("inner.test"), ttl=0),
            address("inner.test", "127.0.0.2"),
        ]

    async def story(port):
        async with named(answers) as network:
            return await probe("TCP", f"outer.test:{port}", network=network)

    with canary() as (port, touched):
        assert go(story(port)).error.startswith("target not allowed: 127.0.0.2")
    assert not touched


def test_rebinding_never_reaches_the_forbidden_address():
    """The name changes with every question; what was validated is what is dialled, 200 times."""

    async def story():
        def answers(name, nth):
            return [address(name, "127.0.0.1" if nth % 2 else "127.0.0.2")]

        errors = []
        async with loopback.http() as (peer, seen), named(answers) as network:
            forbidden = socket.create_server(("127.0.0.2", peer.port))
            forbidden.setblocking(False)
            for _ in range(100):
                for kind, endpoint in (
                    ("HTTP", peer.url(host="rebind.test")),
                    ("TCP", f"rebind.test:{peer.port}"),
                ):
                    observation = await probe(kind, endpoint, network=network)
                    errors.append(observation.error)
            with pytest.raises(BlockingIOError):
                forbidden.accept()
            forbidden.close()
        return errors, seen

    errors, seen = go(story())
    # Half of them, but for questions that are asked again, which a busy machine makes happen.
    assert 50 < errors.count(None) < 150
    assert len(seen) + sum(error is not None for error in errors) >= 100
    assert all("127.0.0.2 is in" in error for error in errors if error)


def test_answers_are_kept_for_their_time_to_live_but_not_for_long():
    asked: list[str] = []

    def answers(name, nth):
        asked.append(name)
        return [RR(name, QTYPE.A, rdata=A("127.0.0.1"), ttl=3600)]

    async def story():
        async with named(answers) as network:
            for _ in range(3):
                await network.resolve("kept.test")
            kept = len(asked)
            for _ in range(1000):  # c-ares starts afresh in a thread of its own
                network._resolver._fresh_until = 0.0
                assert await network.resolve("kept.test") == ["127.0.0.1"]
                if len(asked) > kept:
                    break
                await asyncio.sleep(0.02)
            return kept, len(asked)

    kept, after = go(story())
    assert kept == 1
    assert after > kept
