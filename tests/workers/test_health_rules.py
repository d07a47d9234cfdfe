"""Rules of the operators' own on how the installation itself is: an HTTP check reads /ready."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.api import health
from app.checks import runner
from app.domain.checks.addresses import AddressPolicy
from app.network.network import Network
from app.operations.checks import regions
from app.platform.clock import utcnow
from tests.factories import make_service
from tests.loopback import go
from tests.recording import claim_of, record

BOUNDS = [
    {"path": "$.age_seconds.results", "operator": "<", "value": 120},
    {"path": "$.blind_seconds", "operator": "<", "value": 60},
]


async def observe(target):
    return await runner.run(target, Network(AddressPolicy()))


@pytest.fixture
def look(context, alice, served, monkeypatch):
    """Check /ready once, record it, and return the service as it is then."""
    monkeypatch.setattr(health, "_FRESH_SECONDS", -1)
    monkeypatch.setattr(health, "_ANSWER_SECONDS", -1)
    service = make_service(
        alice,
        name="AlertifyPro",
        check_type="HTTP",
        endpoint=f"http://127.0.0.1:{served}/ready",
        config={"json_path": BOUNDS},
        failure_threshold=1,
    )

    def check():
        now = utcnow()
        claim = claim_of(UUID(service["id"]), "default", now)
        observation = go(observe(claim.snapshot.target))
        record([claim], now, observation)
        return alice.get(f"/services/{service['id']}").json

    return check


def test_an_age_out_of_bounds_alerts_and_ends(look, alice, rows):
    make_service(alice, name="Shop")
    rows("UPDATE schedule_entries SET last_checked_at = now() - interval '1 minute'")
    assert look()["status"] == "GREEN"
    rows("UPDATE schedule_entries SET last_checked_at = now() - interval '10 minutes'")
    assert look()["status"] == "RED"
    (alert,) = alice.get("/alerts").json
    assert "$.age_seconds.results is 6" in alert["message"]
    assert look()["status"] == "GREEN", "its own result was stored a moment ago"
    assert alice.get("/alerts").json == []


def test_a_blind_monitor_alerts(look, alice, rows):
    rows("UPDATE schedule_entries SET last_checked_at = now()")
    regions.pulse("one", "default", utcnow() - timedelta(minutes=3))
    assert look()["status"] == "RED"
    (alert,) = alice.get("/alerts").json
    assert "$.blind_seconds is 18" in alert["message"]
    regions.pulse("one", "default", None)
    assert look()["status"] == "GREEN"
