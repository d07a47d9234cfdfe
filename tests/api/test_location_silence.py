"""A location at which no agent is alive: the organization that runs its agents gets an alert."""

import pytest

from app.operations.checks import regions
from tests.agents import make_location, result_of
from tests.factories import make_person, make_service


@pytest.fixture
def operator(app, configure):
    configure(plan_limits=False)
    return make_person(app, "Olga")


@pytest.fixture
def location(operator, alice):
    return make_location(alice)


@pytest.fixture
def service(alice, location):
    return make_service(alice, regions=[location["region"]])


def test_an_organization_hears_that_nobody_checks_at_its_location(
    context, app, agent, service, operator, alice, rows
):
    def neglected(minutes):
        rows("UPDATE worker_pulses SET at = now() - interval '1 hour'")
        rows("UPDATE schedule_entries SET next_due_at = now() - %s * interval '1 minute'", minutes)
        regions.watch()
        return alice.get("/alerts").json

    assert neglected(5) == [], "it may be about to get its first agent"
    (alert,) = neglected(11)
    assert alert["title"] == "A location makes no checks"
    assert "Berlin office" in alert["message"]
    regions.watch()
    assert len(alice.get("/alerts").json) == 1
    agent.deliver(*map(result_of, agent.claims()["claims"]))
    regions.watch()
    assert alice.get("/alerts").json == []
    assert alice.get(f"/services/{service['id']}").json["status"] == "GREEN"
    assert len(neglected(2)) == 1, "it had an agent"
    assert alice.get(f"/services/{service['id']}").json["status"] == "UNKNOWN"
    assert operator.get("/alerts").json == []
