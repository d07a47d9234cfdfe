"""DNS checks: aliases that are followed or lead nowhere, and refusals with a reason."""

import pytest
from dnslib import EDNS0, RR, EDNSOption

from app.domain.types import FailureKind, Status
from tests.checks.servers import name_server
from tests.loopback import go, probe


class Written:
    """A name server that answers every question with the same records, or a refusal."""

    def __init__(self, zone="", rcode=0, why=None):
        self.zone, self.rcode, self.why = zone, rcode, why

    def resolve(self, request, handler):
        reply = request.reply()
        reply.header.rcode = self.rcode
        reply.add_answer(*RR.fromZone(self.zone))
        if self.why:
            reply.add_ar(EDNS0(opts=[EDNSOption(15, self.why)]))
        return reply


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        (
            "www.a.test. 60 CNAME b.a.test.\nb.a.test. 60 CNAME www.a.test.",
            "www.a.test is an alias (CNAME) of itself, through www.a.test",
        ),
        (
            "www.a.test. 60 CNAME www.a.test.",
            "www.a.test is an alias (CNAME) of itself, through www.a.test",
        ),
        (
            "www.a.test. 60 CNAME b.a.test.",
            "www.a.test has no A record; it is an alias of b.a.test",
        ),
        ("evil.test. 60 A 192.0.2.66", "www.a.test has no A record"),
    ],
)
def test_aliases_that_lead_nowhere(zone, sentence):
    with name_server(Written(zone)) as server:
        assert go(probe("DNS", "www.a.test", {"resolver": server})).error == sentence


@pytest.mark.parametrize("record_type", ["A", "MX"])
def test_an_alias_of_a_name_that_does_not_exist_is_told(record_type):
    zone = "www.a.test. 60 CNAME b.a.test.\nb.a.test. 60 CNAME gone.example.net."
    config = {"record_type": record_type}
    with name_server(Written(zone, rcode=3)) as server:
        observation = go(probe("DNS", "www.a.test", config | {"resolver": server}))
    assert observation.error == (
        "www.a.test is an alias of gone.example.net, which does not exist (NXDOMAIN)"
    )
    assert observation.failure_kind is FailureKind.NO_SUCH_HOST


def test_an_alias_is_followed_in_any_case():
    zone = "WWW.a.test. 60 CNAME B.a.test.\nb.A.test. 60 A 192.0.2.10"
    with name_server(Written(zone)) as server:
        observation = go(probe("DNS", "www.a.test.", {"resolver": server}))
    assert observation.status is Status.GREEN, observation.error


def test_a_name_server_says_why_it_cannot_answer():
    bogus = Written(rcode=2, why=b"\x00\x06no valid signature")
    with name_server(bogus) as server:
        observation = go(probe("DNS", "a.test", {"resolver": server}))
    assert observation.error == (
        "the name server answered SERVFAIL: dnssec bogus (no valid signature)"
    )
