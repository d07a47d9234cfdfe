"""An agent and its server: keys that end, and clocks that are off."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.network.server_client import ServerAway, ServerClient
from app.platform.clock import monotonic, utcnow
from tests.agents import make_location
from tests.factories import make_person, make_service
from workers import https_exchange
from workers.https_exchange import HttpsExchange


@dataclass
class Settings:
    server_url: str
    location_key: str
    server_ca_file: str = ""
    server_fingerprints: tuple[str, ...] = ()


@pytest.fixture
def location(app, configure, alice):
    configure(plan_limits=False)
    make_person(app, "Olga")
    return make_location(alice)


@pytest.fixture
def exchange(location, served):
    return HttpsExchange(
        ServerClient(Settings(f"http://127.0.0.1:{served}", location["key"])), "probe"
    )


def test_an_agent_whose_location_is_gone_says_so_once_and_asks_rarely(
    exchange, location, alice, rows, caplog, monkeypatch
):
    service = make_service(alice, regions=[location["region"]])
    woken = []
    exchange.start(lambda: woken.append(True))
    claimed, _ = exchange.claim(10, 0, None)
    assert exchange.still_leased(claimed.claims) == {one.lease_token for one in claimed.claims}
    assert alice.delete(f"/services/{service['id']}").status_code == 204
    assert alice.delete(f"/locations/{location['id']}").status_code == 204
    asked = []
    post = exchange._client.post
    monkeypatch.setattr(
        exchange._client, "post", lambda name, *rest: asked.append(name) or post(name, *rest)
    )
    for _ in range(5):
        assert exchange.claim(10, 0, None)[0].claims == []
    assert asked == ["claims"]
    assert woken, "what waits to begin is dropped"
    assert exchange.still_leased(claimed.claims) == set()
    assert len([one for one in caplog.records if "does not know this key" in one.message]) == 1


def test_an_agent_goes_on_when_its_key_is_known_again(exchange, location, alice, rows, monkeypatch):
    make_service(alice, regions=[location["region"]])
    rows("UPDATE locations SET key_hash = key_hash || 'x'")
    assert exchange.claim(10, 0, None)[0].claims == []
    rows("UPDATE locations SET key_hash = left(key_hash, -1)")
    later = monotonic() + 31
    monkeypatch.setattr(https_exchange, "monotonic", lambda: later)
    (claim,) = exchange.claim(10, 0, None)[0].claims
    assert exchange.still_leased([claim]) == {claim.lease_token}


def test_two_agents_of_one_name_are_two(exchange, location, served, alice):
    settings = Settings(f"http://127.0.0.1:{served}", location["key"])
    for one in (exchange, HttpsExchange(ServerClient(settings), "probe")):
        one.claim(10, 0, None)
    agents = alice.get(f"/locations/{location['id']}").json["agents"]
    assert [one["agent"].partition(":")[0] for one in agents] == ["probe", "probe"]
    assert all(one["is_alive"] for one in agents)


def test_a_server_that_goes_away_after_its_greeting_is_waited_for(exchange, monkeypatch):
    def away(*arguments):
        raise ServerAway("it was stopped")

    monkeypatch.setattr(exchange._client, "post", away)
    assert exchange.claim(10, 1.0, None)[0].claims == []
    assert abs(exchange.now() - utcnow()) < timedelta(seconds=60)


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_is_an_hour_off_moves_no_due_time(
    exchange, location, alice, rows, monkeypatch, off
):
    make_service(alice, regions=[location["region"]])
    monkeypatch.setattr(https_exchange, "utcnow", lambda: utcnow() + off)
    (claim,) = exchange.claim(10, 0, None)[0].claims
    assert abs(exchange.now() - utcnow()) < timedelta(seconds=60)
    assert abs(claim.scheduled_for - utcnow()) < timedelta(seconds=60)
    (agent,) = alice.get(f"/locations/{location['id']}").json["agents"]
    assert agent["clock_skew_ms"] == pytest.approx(off.total_seconds() * 1000, abs=60_000)
