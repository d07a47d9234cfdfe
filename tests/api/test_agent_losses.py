"""/agent/losses: checks that ended an agent run alone, rest at the third loss, and are told of."""

import pytest

from app.operations.health import quarantine
from tests.agents import Agent, make_location
from tests.factories import make_person, make_service


@pytest.fixture(autouse=True)
def operator(app, configure):
    configure(plan_limits=False)
    return make_person(app, "Olga")


@pytest.fixture
def location(alice):
    return make_location(alice)


@pytest.fixture
def services(alice, location):
    """Return the ids of two services that are checked at the location."""
    return [
        make_service(alice, name=name, regions=[location["region"]])["id"]
        for name in ("Sick", "Well")
    ]


def losses(agent, in_hand=(), lost=(), done=()):
    body = {
        "in_hand": list(in_hand),
        "lost": [{"service_id": id, "trace": "Segmentation fault\0"} for id in lost],
        "done": list(done),
    }
    return agent.call("losses", body)


def handed(agent, rows):
    """Return of every service whether its claim says that it rests; None: it says nothing."""
    rows("UPDATE schedule_entries SET next_due_at = now(), lease_until = NULL")
    return {one["service_id"]: one.get("rests") for one in agent.claims()["claims"]}


def test_what_an_agent_had_in_hand_runs_alone_and_rests_at_the_third_loss(
    context, agent, services, rows
):
    sick, well = services
    assert handed(agent, rows) == {sick: None, well: None}
    assert losses(agent, in_hand=[sick]).json == {"set_aside": []}
    assert handed(agent, rows) == {sick: False, well: None}
    assert losses(agent, lost=[sick]).json == {"set_aside": []}
    assert losses(agent, lost=[sick]).json == {"set_aside": [sick]}
    assert handed(agent, rows) == {sick: True, well: None}
    told = quarantine.problem()
    assert f"check {sick}/" in told
    assert "Segmentation fault" in told
    rows("UPDATE quarantine SET set_aside_at = now() - interval '2 hours'")
    assert handed(agent, rows) == {sick: False, well: None}, "alone, after an hour"
    assert losses(agent, done=[sick]).status_code == 200
    assert handed(agent, rows) == {sick: None, well: None}
    assert quarantine.problem() is None


def test_nobody_tells_of_services_that_are_checked_elsewhere(app, agent, services, charlie, rows):
    theirs = make_service(charlie)["id"]
    for kind in ("in_hand", "lost", "done"):
        assert losses(agent, **{kind: [theirs]}).status_code == 404
    assert losses(agent, in_hand=[theirs, services[0]]).status_code == 200
    assert rows("SELECT key LIKE %s FROM quarantine", f"{services[0]}/%") == [(True,)]
    other = Agent(app, make_location(charlie)["key"])
    assert losses(other, done=[services[0]]).status_code == 404
    assert rows("SELECT count(*) FROM quarantine") == [(1,)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"in_hand": ["x"], "lost": [], "done": []},
        {"in_hand": [], "lost": ["x"], "done": []},
        {"in_hand": [], "lost": [{"service_id": "x"}], "done": []},
        {"in_hand": [], "lost": [], "done": [None] * 1001},
    ],
)
def test_what_cannot_be_read_is_refused(agent, services, body, rows):
    assert agent.call("losses", body).status_code == 422
    assert rows("SELECT count(*) FROM quarantine") == [(0,)]


def test_a_check_that_is_made_alone_is_held_for_longer(agent, services, rows):
    held = (
        "SELECT lease_until > now() + interval '15 s' FROM schedule_entries WHERE service_id = %s"
    )
    claims = {one["service_id"]: one for one in agent.claims()["claims"]}
    rows("UPDATE schedule_entries SET lease_until = now() + interval '1 second'")
    sick, well = (claims[id] for id in services)
    stale = {**well, "lease_token": well["lease_token"] + 1_000}
    assert agent.call("extend", {"leases": [sick, stale]}).status_code == 200
    assert rows(held, sick["service_id"]) == [(True,)]
    assert rows(held, well["service_id"]) == [(False,)], "it is somebody else's by now"
    assert agent.call("extend", {"leases": [{"service_id": "x"}]}).status_code == 422
