"""Three locations vote on a service: one that is cut off has no vote, and the others decide."""

import pytest

from app.operations.checks import regions
from tests.agents import Agent, make_location, result_of
from tests.factories import make_person, make_service


@pytest.fixture
def places(app, configure, alice):
    configure(plan_limits=False)
    return {
        made["region"]: Agent(app, made["key"])
        for made in (make_location(alice, name=name) for name in ("One", "Two", "Three"))
    }


@pytest.fixture
def service(app, places, alice):
    make_person(app, "Olga")
    return make_service(alice, regions=list(places), region_quorum="majority")


def check(agent, status):
    (claim,) = agent.claims()["claims"]
    assert agent.deliver(result_of(claim, status))["judged"] == 1


def due(rows):
    rows("UPDATE schedule_entries SET next_due_at = now(), lease_until = NULL, lease_token = NULL")


def of_region(rows, region):
    ((status,),) = rows("SELECT status FROM schedule_entries WHERE region = %s", region)
    return status


def test_one_that_is_cut_off_is_unknown_there_and_pages_nobody(
    context, places, service, alice, rows
):
    for agent in places.values():
        check(agent, "GREEN")
    silent, *others = places
    rows("DELETE FROM worker_pulses WHERE region = %s", silent)
    rows(
        "UPDATE schedule_entries SET next_due_at = now() - interval '1 minute' WHERE region = %s",
        silent,
    )
    assert regions.watch() == [silent]
    assert of_region(rows, silent) == "UNKNOWN"
    assert alice.get(f"/services/{service['id']}").json["status"] == "GREEN"
    assert alice.get("/alerts").json == []

    due(rows)
    check(places[others[0]], "RED")
    assert alice.get(f"/services/{service['id']}").json["status"] == "YELLOW"
    assert alice.get("/alerts").json == []
    check(places[others[1]], "RED")
    assert alice.get(f"/services/{service['id']}").json["status"] == "RED"
    (alert,) = alice.get("/alerts").json
    assert alert["service_id"] == service["id"]


def test_an_agent_that_reaches_nothing_has_no_vote_either(context, places, service, alice, rows):
    one, two, three = places.values()
    check(one, "GREEN")
    check(two, "GREEN")
    (claim,) = three.claims()["claims"]
    isolated = {"error": "the monitor itself seems cut off", "failure_kind": "isolated"}
    three.deliver(result_of(claim, "UNKNOWN", **isolated))
    assert alice.get(f"/services/{service['id']}").json["status"] == "GREEN"
    assert alice.get("/alerts").json == []
