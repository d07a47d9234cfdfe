"""DNS checks against a real name server (dnslib) on loopback."""

import pytest
from dnslib import RR
from dnslib.zoneresolver import ZoneResolver
from marshmallow import ValidationError

from app.checks.dns import DnsConfig
from app.domain.checks.addresses import AddressPolicy
from app.domain.types import Status
from app.network.network import Network
from tests.checks.servers import name_server
from tests.loopback import go, probe

ZONE = """
$TTL 300
a.test.          IN A     192.0.2.10
a.test.          IN A     192.0.2.11
a.test.          IN AAAA  2001:db8::1
www.a.test.      IN CNAME a.test.
a.test.          IN MX    10 mail.a.test.
a.test.          IN TXT   "v=spf1 -all"
a.test.          IN NS    ns1.a.test.
a.test.          IN SOA   ns1.a.test. admin.a.test. 1 2 3 4 5
_sip._tcp.a.test. IN SRV  1 2 5060 sip.a.test.
a.test.          IN CAA   0 issue "letsencrypt.org"
10.2.0.192.in-addr.arpa. IN PTR host.a.test.
"""


class Broken:
    """Answers with a failure or with nonsense."""

    def __init__(self, rcode):
        self.rcode = rcode

    def resolve(self, request, handler):
        reply = request.reply()
        reply.header.rcode = self.rcode
        return reply


class Truncating(ZoneResolver):
    """Says over UDP that the answer is too long."""

    def resolve(self, request, handler):
        reply = super().resolve(request, handler)
        if handler.protocol == "udp":
            reply.header.tc = 1
            reply.rr = []
        return reply


@pytest.fixture(scope="module")
def zone():
    with name_server(ZoneResolver(ZONE)) as address:
        yield address


def ask(address, name, config=None, **options):
    return go(probe("DNS", name, {"resolver": address, **(config or {})}, **options))


@pytest.mark.parametrize(
    ("name", "record_type", "expected"),
    [
        ("a.test", None, "192.0.2.10"),
        ("a.test", "a", ["192.0.2.11", "192.0.2.10"]),
        ("a.test", "AAAA", "2001:DB8:0::1"),
        ("www.a.test", "CNAME", "a.test"),
        ("a.test", "MX", "10 mail.a.test."),
        ("a.test", "MX", "mail.a.test"),
        ("a.test", "TXT", "v=spf1 -all"),
        ("a.test", "NS", "NS1.a.test."),
        ("a.test", "SOA", None),
        ("_sip._tcp.a.test", "SRV", "1 2 5060 sip.a.test"),
        ("a.test", "CAA", '0 issue "letsencrypt.org"'),
        ("192.0.2.10", "PTR", "host.a.test"),
    ],
)
def test_records_that_are_as_expected(zone, name, record_type, expected):
    config = {"record_type": record_type} if record_type else {}
    if expected is not None:
        config["expected_value"] = expected
    observation = ask(zone, name, config)
    assert (observation.status, observation.error) == (Status.GREEN, None)


@pytest.mark.parametrize(
    ("name", "config", "reason"),
    [
        ("gone.test", {}, "gone.test does not exist (NXDOMAIN)"),
        (
            "www.a.test",
            {"record_type": "TXT"},
            "www.a.test has no TXT record; it is an alias of a.test",
        ),
        (
            "a.test",
            {"expected_value": ["192.0.2.10", "192.0.2.99"]},
            'expected "192.0.2.99", got 192.0.2.10, 192.0.2.11',
        ),
        ("a.test", {"min_ttl": 301}, "the time to live is 300 s, below 301 s"),
        ("a.test", {"max_ttl": 60}, "the time to live is 300 s, above 60 s"),
        ("192.0.2.10", {}, "192.0.2.10 is an address: only PTR can be asked for it"),
    ],
)
def test_records_that_are_not(zone, name, config, reason):
    observation = ask(zone, name, config)
    assert (observation.status, observation.error) == (Status.RED, reason)


def test_a_truncated_answer_is_asked_for_again_over_tcp():
    with name_server(Truncating(ZONE)) as address:
        assert ask(address, "a.test").status is Status.GREEN


def test_failing_and_silent_name_servers():
    with name_server(Broken(2)) as address:
        assert ask(address, "a.test").error == "the name server answered SERVFAIL"
    closed = go(probe("DNS", "a.test", {"resolver": "127.0.0.1:1"}))
    assert closed.error == "connection refused"


def test_a_resolver_goes_through_the_guard():
    observation = go(
        probe("DNS", "a.test", {"resolver": "127.0.0.1:6379"}, policy=AddressPolicy("public"))
    )
    assert observation.error.startswith("target not allowed: 127.0.0.1 is a loopback address")


def test_the_systems_own_name_server_is_asked_by_default(zone):
    async def story(address):
        network = Network(AddressPolicy("public"), nameservers=(address,))
        try:
            return await probe("DNS", "a.test", network=network)
        finally:
            network.close()

    assert go(story(zone)).status is Status.GREEN


@pytest.mark.parametrize(
    "config", [{"record_type": "ANY"}, {"resolver": "http://x"}, {"expected_value": 5}]
)
def test_bad_config(config):
    with pytest.raises(ValidationError):
        DnsConfig().load(config)


class Able:
    """A name server that has one address for every name, or cannot answer."""

    def __init__(self, rcode=0):
        self.rcode = rcode

    def resolve(self, request, handler):
        reply = request.reply()
        reply.header.rcode = self.rcode
        if not self.rcode:
            reply.add_answer(*RR.fromZone("a.test. 60 A 192.0.2.10"))
        return reply


@pytest.mark.parametrize("first", ["SERVFAIL", "closed"])
def test_one_name_server_that_cannot_answer_over_tcp_hides_no_other(first):
    async def story(*servers):
        network = Network(AddressPolicy("public"), nameservers=servers)
        try:
            return await probe("DNS", "a.test", {"transport": "tcp"}, network=network)
        finally:
            network.close()

    with name_server(Able()) as able, name_server(Able(rcode=2)) as failing:
        unable = failing if first == "SERVFAIL" else "127.0.0.1:1"  # nobody listens there
        assert go(story(unable, able)).status is Status.GREEN
        assert go(story(unable, failing)).error == "the name server answered SERVFAIL"
