"""/agent/release: an agent that stops gives its checks back, also to a server that takes none."""

import http.server
import json
import threading
from contextlib import contextmanager
from uuid import UUID

import pytest

from app.network.server_client import ServerAway, ServerClient
from app.operations.checks.claim import Lease
from tests.agents import Agent, make_location
from tests.factories import make_person, make_service
from tests.network.test_server_client import Settings
from workers.autonomy import ALONE
from workers.https_exchange import HttpsExchange


@pytest.fixture
def locations(app, configure, alice, charlie):
    configure(plan_limits=False)
    make_person(app, "Olga")
    return make_location(alice), make_location(charlie)


def lease_of(claim, **changes):
    return {name: claim[name] for name in ("service_id", "lease_token")} | changes


def test_what_an_agent_gives_back_is_there_for_the_next_at_once(app, alice, locations):
    location, _ = locations
    made = {make_service(alice, regions=[location["region"]])["id"] for _ in range(3)}
    first, second = Agent(app, location["key"]), Agent(app, location["key"])
    claims = first.claims()["claims"]
    assert second.claims()["claims"] == []
    assert first.call("release", {"leases": list(map(lease_of, claims))}).status_code == 200
    again = second.claims()["claims"]
    assert {claim["service_id"] for claim in again} == made
    # Once more: they are the leases of the second agent now, which stay.
    first.call("release", {"leases": list(map(lease_of, claims))})
    assert first.claims()["claims"] == []


def test_nobody_gives_back_what_is_not_theirs(app, alice, locations):
    location, foreign = locations
    make_service(alice, regions=[location["region"]])
    agent, stranger = Agent(app, location["key"]), Agent(app, foreign["key"])
    (claim,) = agent.claims()["claims"]
    assert stranger.call("release", {"leases": [lease_of(claim)]}).status_code == 200
    wrong = lease_of(claim, lease_token=claim["lease_token"] + 1)
    agent.call("release", {"leases": [wrong]})
    assert agent.claims()["claims"] == []


@pytest.mark.parametrize(
    "leases",
    [
        None,
        [1],
        [{}],
        [{"service_id": "x", "lease_token": 1}],
        [{"service_id": str(UUID(int=1)), "lease_token": 2**63}],
        [{"service_id": str(UUID(int=1)), "lease_token": None}],
        [{"service_id": str(UUID(int=1)), "lease_token": 1}] * 1001,
    ],
)
def test_what_cannot_be_read_is_refused(app, locations, leases):
    agent = Agent(app, locations[0]["key"])
    assert agent.call("release", {"leases": leases}).status_code == 422


@contextmanager
def server(status):
    """A server that takes an agent in, and answers a release with a status."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            name = self.path.rpartition("/")[2]
            asked.append(name)
            told = {"protocol": 1, "location": "x", "region": "x", "version": "1"}
            body = json.dumps(told if name == "hello" else {}).encode()
            self.send_response(200 if name == "hello" else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{found.server_address[1]}", asked
    finally:
        found.shutdown()
        found.server_close()


def test_the_agent_gives_back_what_it_has_claimed():
    leases = [Lease(UUID(int=number), "x", number) for number in range(1, 702)]
    alone = Lease(UUID(int=1), "x", ALONE)
    with server(200) as (url, asked):
        HttpsExchange(ServerClient(Settings(url)), "probe").release([alone, *leases])
    assert asked == ["hello", "release", "release"], "500 at a time"
    with server(200) as (url, asked):
        HttpsExchange(ServerClient(Settings(url)), "probe").release([alone])
    assert asked == ["hello"], "what it did by itself nobody waits for"


def test_a_server_of_the_release_before_does_without():
    with server(404) as (url, _):
        exchange = HttpsExchange(ServerClient(Settings(url)), "probe")
        with pytest.raises(ServerAway):  # which an engine passes over as it stops
            exchange.release([Lease(UUID(int=1), "x", 1)])
