"""DNS checks: kinds of records, what is expected of them, and name servers that fail or dawdle."""

import time

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from dnslib import CNAME, QTYPE, RCODE, RD, RR, A

from app.checks.dns import DnsConfig
from app.domain.checks.addresses import AddressPolicy
from app.domain.types import FailureKind, Status
from app.network.network import Network
from tests.checks.servers import name_server
from tests.loopback import go, probe

_IN = dns.rdataclass.IN
DKIM = '"v=DKIM1; k=rsa; p=MIIB' + "Aa9+/" * 40 + '" "' + "Zz9+/" * 40 + 'QAB"'
DKIM_JOINED = DKIM.replace('" "', "").strip('"')
RECORDS = {
    "A": ["192.0.2.10", "192.0.2.11"],
    "MX": ["10 mail.a.test."],
    "NS": ["ns1.a.test.", "ns2.a.test."],
    "CAA": ['0 issue "letsencrypt.org"'],
    "SOA": ["ns1.a.test. admin.a.test. 1 2 3 4 5"],
    "HTTPS": ['1 . alpn="h2,h3"'],
    "SVCB": ["16 svc.a.test. port=8443"],
    "TLSA": ["3 1 1 " + "ab" * 32],
    "DS": ["12345 13 2 " + "cd" * 32],
}
TEXTS = {
    "txt.test": [DKIM],
    "quoted.test": [r'"say \"hi\"; ok"'],
    "spf.test": ['"v=spf1 include:_spf.a.test ip4:192.0.2.0/24 ~all"'],
}


class Records:
    """A name server with one set of records for every name but those of texts."""

    def __init__(self, delay=0.0, rcode=0, truncates=False):
        self.delay, self.rcode, self.truncates = delay, rcode, truncates
        self.asked = []

    def resolve(self, request, handler):
        self.asked.append(handler.protocol)
        time.sleep(self.delay)
        reply = request.reply()
        reply.header.rcode = self.rcode
        if self.truncates and handler.protocol == "udp":
            reply.header.tc = 1
            return reply
        kind = dns.rdatatype.to_text(request.q.qtype)
        texts = TEXTS.get(str(request.q.qname).rstrip("."), [])
        for text in texts if kind == "TXT" else RECORDS.get(kind, []):
            rdata = dns.rdata.from_text(_IN, kind, text, origin=dns.name.root, relativize=False)
            raw = RD(rdata.to_wire())
            reply.add_answer(RR(request.q.qname, request.q.qtype, rdata=raw, ttl=60))
        return reply


@pytest.fixture(scope="module")
def server():
    with name_server(Records()) as address:
        yield address


def ask(address, name, config, **options):
    return go(probe("DNS", name, {"resolver": address, **config}, **options))


@pytest.mark.parametrize(
    ("name", "record_type"),
    [
        ("*.a.test", "A"),
        ("_dmarc.*.a.test", "A"),
        ("*", "NS"),
        (".", "NS"),
        ("1.0/25.2.0.192.test", "A"),
    ],
)
def test_names_that_are_no_hosts_can_be_asked_for(server, name, record_type):
    observation = ask(server, name, {"record_type": record_type})
    assert (observation.status, observation.error) == (Status.GREEN, None)


@pytest.mark.parametrize(
    ("name", "record_type", "config"),
    [
        ("txt.test", "TXT", {"expected_value": DKIM_JOINED}),
        ("txt.test", "TXT", {"expected_value": DKIM}),  # as dig prints it
        ("txt.test", "TXT", {"exactly": [DKIM_JOINED]}),
        ("quoted.test", "TXT", {"expected_value": 'say "hi"; ok'}),
        ("quoted.test", "TXT", {"expected_value": r'"say \"hi\"; ok"'}),
        ("spf.test", "TXT", {"contains": "include:_spf.a.test"}),
        ("spf.test", "TXT", {"contains": ["v=spf1", "~all"]}),
        ("a.test", "A", {"exactly": ["192.0.2.11", "192.0.2.10"]}),
        ("a.test", "A", {"contains": "192.0.2."}),
        ("a.test", "NS", {"exactly": ["NS2.a.test", "ns1.a.test."]}),
        ("a.test", "MX", {"exactly": "mail.a.test"}),
        ("a.test", "CAA", {"expected_value": "0 issue letsencrypt.org"}),
        ("a.test", "CAA", {"contains": "letsencrypt.org"}),
        ("a.test", "HTTPS", {"expected_value": "1 . alpn=h2,h3"}),
        ("a.test", "HTTPS", {"contains": "h3"}),
        ("a.test", "SVCB", {"expected_value": '16 svc.a.test. port="8443"'}),
        ("_443._tcp.a.test", "TLSA", {"expected_value": "3 1 1 " + "AB" * 32}),
        ("a.test", "DS", {"expected_value": "12345 13 2 " + "CD" * 32}),
    ],
)
def test_what_is_expected_is_found(server, name, record_type, config):
    observation = ask(server, name, {"record_type": record_type, **config})
    assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize(
    ("name", "record_type", "config", "sentence"),
    [
        (
            "a.test",
            "A",
            {"exactly": ["192.0.2.10"]},
            '"192.0.2.11" is not expected among the answers: got 192.0.2.10, 192.0.2.11',
        ),
        (
            "a.test",
            "A",
            {"exactly": ["192.0.2.10", "192.0.2.11", "192.0.2.12"]},
            'expected "192.0.2.12", got 192.0.2.10, 192.0.2.11',
        ),
        ("a.test", "NS", {"contains": "evil"}, 'no answer contains "evil", got ns1'),
        # The last word of a text, of a SOA or of a CAA is no name of the record.
        ("spf.test", "TXT", {"expected_value": "~all"}, 'expected "~all", got v=spf1'),
        ("a.test", "SOA", {"expected_value": "5"}, 'expected "5", got ns1.a.test.'),
        ("txt.test", "TXT", {"expected_value": DKIM_JOINED.upper()}, "expected "),
    ],
)
def test_what_is_not_expected_is_told(server, name, record_type, config, sentence):
    observation = ask(server, name, {"record_type": record_type, **config})
    assert observation.status is Status.RED
    assert observation.failure_kind is FailureKind.ASSERTION
    assert observation.error.startswith(sentence)


@pytest.mark.parametrize("field", ["expected_value", "exactly", "contains"])
def test_texts_may_be_as_long_as_they_are(field):
    assert DnsConfig().load({field: "x" * 4_000}) == {field: "x" * 4_000}
    assert DnsConfig().validate({field: "x" * 5_000})
    assert DnsConfig().validate({field: ["x"] * 51}) == {field: ["Longer than maximum length 50."]}


def test_a_late_answer_counts():
    slow = Records(delay=1.4)
    with name_server(slow) as address:
        observation = ask(address, "a.test", {}, timeout_seconds=6, slow_threshold_ms=6_000)
        assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize("rcode", [2, 5, 4], ids=["SERVFAIL", "REFUSED", "NOTIMP"])
def test_one_name_server_that_cannot_answer_hides_no_other(rcode):
    async def story(*servers):
        network = Network(AddressPolicy("public"), nameservers=servers)
        try:
            return await probe("DNS", "a.test", network=network)
        finally:
            network.close()

    with name_server(Records(rcode=rcode)) as unable, name_server(Records()) as able:
        assert go(story(unable, able)).status is Status.GREEN
        failed = go(story(unable))
    assert failed.failure_kind is FailureKind.RESOLVER_FAILED


@pytest.mark.parametrize("named", [True, False])
def test_a_resolver_over_tcp(named):
    async def story(address):
        network = Network(AddressPolicy("any" if named else "public"), nameservers=(address,))
        config = {"transport": "tcp"} | ({"resolver": address} if named else {})
        try:
            return await probe("DNS", "a.test", config, network=network)
        finally:
            network.close()

    server = Records()
    with name_server(server) as address:
        assert go(story(address)).status is Status.GREEN
    assert server.asked == ["tcp"]


class CutInARecord(Records):
    """A name server whose answers over UDP end in the middle of their last record."""

    def resolve(self, request, handler):
        reply = super().resolve(request, handler)
        if handler.protocol == "udp":
            reply.header.tc = 1
            whole = reply.pack()
            reply.pack = lambda: whole[:-3]
        return reply


def test_an_answer_that_is_cut_in_a_record_is_asked_for_over_tcp():
    cut = CutInARecord()
    with name_server(cut) as server:
        observation = go(probe("DNS", "a.test", {"resolver": server}))
    assert (observation.status, observation.error) == (Status.GREEN, None)
    assert cut.asked == ["udp", "tcp"]


def test_a_truncated_answer_of_the_systems_own_name_server_is_asked_for_over_tcp():
    async def story(address):
        network = Network(AddressPolicy("public"), nameservers=(address,))
        try:
            return await probe("DNS", "a.test", network=network)
        finally:
            network.close()

    with name_server(Records(truncates=True)) as address:
        observation = go(story(address))
    assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_answer_that_is_cut_short_over_tcp_too_is_no_missing_record(transport):
    class CutShort:
        def resolve(self, request, handler):
            reply = request.reply()
            reply.header.tc = 1
            return reply

    with name_server(CutShort()) as address:
        observation = ask(address, "a.test", {"transport": transport})
    assert observation.error == "the name server cuts its answer short even over TCP"


class Odd:
    """A name server whose answers are odd, but say the address all the same."""

    def resolve(self, request, handler):
        reply = request.reply()
        if request.ar:  # as old ones answer EDNS
            reply.header.rcode = RCODE.FORMERR
            return reply
        asked = str(request.q.qname)
        name = "".join(sign.upper() if at % 2 else sign for at, sign in enumerate(asked))
        for link in range(12):
            target = f"link{link}.test."
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(target), ttl=0))
            name = target
        reply.add_answer(RR(name, QTYPE.A, rdata=A("192.0.2.10"), ttl=0))
        return reply


@pytest.mark.parametrize("name", ["a.test", "a.test.", "_a._tcp.test", "A.Test"])
def test_a_long_chain_in_mixed_case_that_nobody_may_keep_is_followed(name):
    with name_server(Odd()) as address:
        config = {"exactly": ["192.0.2.10"], "max_ttl": 0}
        observation = ask(address, name, config)
    assert observation.status is Status.GREEN, observation.error
