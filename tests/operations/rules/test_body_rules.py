"""Rules about the bodies of checks that pass, against a real HTTP server."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import grpc
import pytest

from app.checks.runner import run
from app.domain.types import Status
from app.network.network import Network
from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from tests import loopback
from tests.alerting import make_rule
from tests.factories import make_service
from tests.loopback import ANYWHERE, Answer, go, probe


class Shop:
    """A web server whose page can be changed."""

    def __init__(self, rows):
        self._rows = rows
        self.page = b"<h1>Everything is fine</h1>"
        self.status = "200 OK"

    def checked(self, meanwhile=lambda: None):
        """Check as a worker does; return the observations."""
        self._rows("UPDATE schedule_entries SET next_due_at = now(), lease_until = NULL")
        claimed = checks_claim.claim("default", 10)
        checks = [self._seen(claim, claimed.now) for claim in claimed.claims]
        meanwhile()
        checks_record.record(checks, claimed.now)
        return [one.observation for one in checks]

    def _seen(self, claim, now):
        async def story():
            async with loopback.http(lambda _: Answer(self.status, body=self.page)) as (peer, _):
                network = Network(ANYWHERE)
                target = replace(claim.snapshot.target, endpoint=peer.url())
                try:
                    return await run(target, network)
                finally:
                    network.close()

        return claim.finished(go(story()), now)


@pytest.fixture
def shop(context, alice, rows):
    make_service(alice)
    return Shop(rows)


def open_alerts(person):
    return [alert["message"] for alert in person.get("/alerts").json]


def test_a_passing_check_without_the_text_opens_an_alert_until_it_is_back(shop, alice):
    make_rule(alice, condition='!body_contains("fine")')
    (seen,) = shop.checked()
    assert (seen.status, seen.body_texts) == (Status.GREEN, {"fine": True})
    assert open_alerts(alice) == []
    shop.page = b"<h1>Database error</h1>"
    (seen,) = shop.checked()
    assert (seen.status, seen.body_texts) == (Status.GREEN, {"fine": False})
    assert open_alerts(alice) == ['Check passed with status GREEN: body does not contain "fine"']
    shop.page = b"all is fine again"
    shop.checked()
    assert open_alerts(alice) == []


def test_a_text_that_must_not_be_there(shop, alice):
    make_rule(alice, condition='body_contains("Grüße")')
    shop.checked()
    assert open_alerts(alice) == []
    shop.page = "viele Grüße".encode()
    shop.checked()
    assert len(open_alerts(alice)) == 1


def test_workers_notice_when_rules_come_and_go(shop, alice):
    (seen,) = shop.checked()
    assert seen.body_texts is None
    rule = make_rule(alice, condition='!body_contains("a") || body_contains("b")')
    (seen,) = shop.checked()
    assert set(seen.body_texts) == {"a", "b"}
    alice.patch(f"/alert-rules/{rule['id']}", {"condition": '!body_contains("c")'})
    (seen,) = shop.checked()
    assert set(seen.body_texts) == {"c"}
    alice.delete(f"/alert-rules/{rule['id']}")
    (seen,) = shop.checked()
    assert seen.body_texts is None


def test_services_that_no_such_rule_watches_are_not_searched(shop, alice):
    make_rule(alice, condition='!body_contains("x")', tags=["another"])
    (seen,) = shop.checked()
    assert seen.body_texts is None
    assert open_alerts(alice) == []


def test_a_rule_made_while_the_check_ran_waits_for_the_next_one(shop, alice):
    make_rule(alice, condition='!body_contains("fine")')
    shop.checked(meanwhile=lambda: make_rule(alice, condition='!body_contains("Everything")'))
    assert open_alerts(alice) == []
    shop.checked()
    assert open_alerts(alice) == []


def test_the_body_of_a_failure_is_searched_as_well(shop, alice):
    make_rule(alice, condition='!body_contains("fine")')
    shop.status = "503 Service Unavailable"
    (seen,) = shop.checked()
    assert (seen.status, seen.body_texts) == (Status.RED, {"fine": True})
    down = "Service down Triggered by Check"
    assert [alert["title"] for alert in alice.get("/alerts").json] == [down]


def recorded(story):
    """Record what a story sees of the one service there is, given the texts it is to look for."""
    claimed = checks_claim.claim("default", 10)
    (claim,) = claimed.claims
    seen = go(story(claim.snapshot.target.body_texts))
    checks_record.record([claim.finished(seen, claimed.now)], claimed.now)
    return seen


@pytest.mark.parametrize("page", [b"Sold out", b"Thanks"])
def test_a_flow_is_searched_in_its_last_answer(context, alice, page):
    make_service(alice)
    make_rule(alice, condition='!body_contains("Thanks")')

    async def story(texts):
        async with loopback.http(
            lambda request: Answer(body=page if request.path == "/buy" else b"Thanks")
        ) as (peer, _):
            steps = [{"url": peer.url("/cart")}, {"url": peer.url("/buy")}]
            return await probe("MULTI_STEP", "flow", {"steps": steps}, body_texts=texts)

    seen = recorded(story)
    assert (seen.status, seen.body_texts) == (Status.GREEN, {"Thanks": page == b"Thanks"})
    said = ['Check passed with status GREEN: body does not contain "Thanks"']
    assert open_alerts(alice) == ([] if page == b"Thanks" else said)


def test_a_check_that_has_no_body_opens_no_alert_about_one_until_it_fails(context, alice, rows):
    make_service(alice)
    make_rule(alice, condition='!body_contains("fine")')
    server = grpc.server(ThreadPoolExecutor(1))  # without a health service: an orderly answer
    endpoint = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()

    def story(texts):
        return probe("GRPC", endpoint, body_texts=texts)

    try:
        seen = recorded(story)
    finally:
        server.stop(0).wait()
    assert (seen.status, seen.body_texts) == (Status.GREEN, None)
    assert open_alerts(alice) == []
    rows("UPDATE schedule_entries SET next_due_at = now(), lease_until = NULL")
    assert recorded(story).status is Status.RED
    assert "Slow Triggered by Check" in [alert["title"] for alert in alice.get("/alerts").json]
