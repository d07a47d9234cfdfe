"""Hosts of pages are looked up at a real name server: verified, and lost when the records go."""

from dataclasses import replace

import pytest
from dnslib import RCODE
from dnslib.zoneresolver import ZoneResolver

from app.network.network import Network
from app.web import create_app
from tests.checks.servers import name_server
from tests.status_pages import make_shown, take_snapshots
from workers import status_pages
from workers.job import serve

HOST = "status.acme.example"
CNAME = f"{HOST}. 60 IN CNAME localhost."
ELSEWHERE = f"{HOST}. 60 IN CNAME elsewhere.example."


class Zone:
    """A name server whose records a test changes; None: it cannot answer."""

    def __init__(self):
        self.lines = []

    def resolve(self, request, handler):
        if self.lines is None:
            reply = request.reply()
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        return ZoneResolver("\n".join(["$TTL 60", *self.lines])).resolve(request, handler)


@pytest.fixture
def zone():
    zone = Zone()
    with name_server(zone) as zone.address:
        yield zone


@pytest.fixture
def page(alice):
    page, _ = make_shown(alice, "Checkout", slug="acme", custom_domain=HOST)
    return page


@pytest.fixture
def verify(app, alice, zone, page, rows, monkeypatch):
    """Look every host up now; return what the page's owner reads of its own."""
    serve(app)

    class AskingUs(Network):
        def __init__(self, policy, **more):
            super().__init__(policy, nameservers=[zone.address], **more)

    monkeypatch.setattr(status_pages, "Network", AskingUs)

    def run(later="2 hours"):
        rows(f"UPDATE status_pages SET domain_checked_at = now() - interval '{later}'")
        with app.app_context():
            status_pages.verify_domains.__wrapped__()
        return alice.get(f"/status-pages/{page['id']}").json["domain"]

    return run


def serves_page(client):
    """Whether the host serves the page; if not, it is like a host that nobody has claimed."""
    client.get("/status/acme")  # somebody has looked
    answer, unknown = (client.get("/", headers={"Host": one}) for one in (HOST, "nobody.example"))
    assert "Checkout" in answer.text or answer.text == unknown.text
    return "Checkout" in answer.text


def txt(domain):
    """Return the TXT record that a page asks for."""
    return f'{domain["txt_name"]}. IN TXT "{domain["txt_value"]}"'


@pytest.fixture
def proof(alice, page):
    """Return the TXT record of Alice's page."""
    return txt(alice.get(f"/status-pages/{page['id']}").json["domain"])


def test_a_host_is_verified_by_its_txt_record(alice, verify, zone, page, app, client):
    found = verify()
    assert (found["state"], found["cname"]) == ("waiting", "localhost")
    assert "NXDOMAIN" in found["seen"]
    take_snapshots(app)
    assert not serves_page(client)
    zone.lines = [txt(found)]
    assert verify()["state"] == "verified"
    take_snapshots(app)
    assert alice.get(f"/status-pages/{page['id']}").json["domain"]["state"] == "serving"
    assert serves_page(client)
    alice.patch(f"/status-pages/{page['id']}", {"custom_domain": "status.other.example"})
    assert verify()["state"] == "waiting"  # what was proved of one host says nothing of another


def test_a_host_is_verified_by_its_cname(verify, zone, rows):
    zone.lines = [CNAME.replace("localhost", "LOCALHOST")]
    found = verify()
    assert (found["state"], found["seen"]) == ("verified", "as it should be")
    assert rows("SELECT domain_has_txt FROM status_pages") == [(False,)]


@pytest.mark.parametrize("is_kept", ["CNAME", "TXT"])
def test_a_verified_host_is_kept_by_either_record(verify, zone, proof, rows, is_kept):
    zone.lines = [CNAME, proof]
    verify()
    zone.lines = [CNAME] if is_kept == "CNAME" else [proof]
    assert verify()["state"] == "verified"
    wrong = "SELECT domain_wrong_since, domain_has_txt FROM status_pages"
    assert rows(wrong) == [(None, is_kept == "TXT")]


@pytest.mark.parametrize("lines", [[], [ELSEWHERE], [f"{HOST}. IN A 192.0.2.1"]])
def test_a_host_whose_records_are_gone_for_an_hour_is_lost(
    app, client, verify, zone, proof, rows, lines
):
    zone.lines = [CNAME, proof]
    assert verify()["state"] == "verified"
    take_snapshots(app)
    zone.lines = lines
    assert verify()["state"] == "serving"  # somebody may be at work on the zone
    assert verify()["state"] == "serving"
    rows("UPDATE status_pages SET domain_wrong_since = domain_wrong_since - interval '1 hour'")
    assert verify()["state"] == "waiting"
    take_snapshots(app)
    assert not serves_page(client)
    assert f'"http://{HOST}/' not in client.get("/status/acme").text
    assert verify()["state"] == "waiting"


def test_no_page_takes_the_console_away(app, client, config, configure, verify, zone, proof, rows):
    zone.lines = [CNAME, proof]
    assert verify()["state"] == "verified"
    take_snapshots(app)
    assert serves_page(client)
    # The operator says only now that people reach the console there.
    restarted = create_app(replace(config, console_hosts=(HOST,)))
    try:
        assert not serves_page(restarted.test_client())
    finally:
        restarted.extensions["hub"].close()
    configure(console_hosts=(HOST,))
    take_snapshots(app)
    assert client.get("/status/acme.json").json["page"]["url"] == "http://localhost/status/acme"
    found = verify()
    assert found["seen"] == "this is a host of the installation itself"
    rows("UPDATE status_pages SET domain_wrong_since = domain_wrong_since - interval '1 hour'")
    assert verify()["state"] == "waiting"


def test_a_name_server_that_cannot_answer_takes_nothing_away(verify, zone, proof, rows):
    zone.lines = [CNAME, proof]
    verify()
    zone.lines = None
    for _ in range(3):
        assert verify("2 days")["state"] == "verified"
    stored = rows("SELECT domain_wrong_since, domain_has_txt FROM status_pages")
    assert stored == [(None, True)]


def test_records_that_come_back_in_time_are_believed(verify, zone, proof, rows):
    zone.lines = [CNAME, proof]
    verify()
    zone.lines = []
    verify()
    zone.lines = [proof]
    assert verify("6 minutes")["seen"] == "as it should be"
    assert rows("SELECT domain_wrong_since FROM status_pages") == [(None,)]


@pytest.fixture
def theirs(charlie):
    """Return how the domain of Charlie's page is, which claims the same host."""
    made, _ = make_shown(charlie, "Vault", slug="theirs", custom_domain=HOST)
    return lambda: charlie.get(f"/status-pages/{made['id']}").json["domain"]


def test_a_host_of_two_pages_is_served_for_the_first(theirs, verify, zone, proof, rows):
    zone.lines = [CNAME, proof]
    assert verify()["state"] == "verified"
    zone.lines = [CNAME, proof, txt(theirs())]
    assert verify()["state"] == "verified"
    found = theirs()
    assert (found["state"], found["seen"]) == ("waiting", "another page serves this host")
    zone.lines = [CNAME, txt(found)]
    verify()
    verify()
    assert theirs()["state"] == "verified"  # the TXT record tells whose it is by now
    assert rows("SELECT count(*) FROM status_pages WHERE domain_verified_at IS NOT NULL") == [(1,)]


def test_a_host_that_a_cname_verified_goes_to_whoever_proves_that_it_is_theirs(
    app, client, theirs, verify, zone, rows
):
    zone.lines = [CNAME]
    rows("UPDATE status_pages SET domain_verified_at = now() WHERE slug = 'acme'")
    for _ in range(2):
        assert verify()["state"] != "waiting"
    assert theirs()["state"] == "waiting"  # a CNAME says nothing of whose page is meant
    zone.lines = [CNAME, txt(theirs())]
    verify()
    assert verify()["state"] == "waiting"
    assert theirs()["state"] == "verified"
    take_snapshots(app)
    client.get("/status/acme")  # somebody has looked
    served = client.get("/", headers={"Host": HOST}).text
    assert "Vault" in served
    assert "Checkout" not in served


def test_looking_hosts_up_writes_nothing_into_the_audit_log(alice, verify, zone, proof):
    zone.lines = [CNAME, proof]
    verify()
    before = alice.get("/audit-logs").json
    verify()
    assert alice.get("/audit-logs").json == before
