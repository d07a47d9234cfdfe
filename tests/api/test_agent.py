"""/agent: claims, services, results and figures, for the key of a location and nobody else."""

import gzip
from datetime import UTC, datetime, timedelta
from time import monotonic

import orjson
import pytest

from app.domain.locations.protocol import VERSIONS, agreed
from app.operations.checks import regions
from app.operations.self_monitoring.lateness import late
from app.platform.events import timestamp
from app.platform.transaction import transaction
from tests.agents import Agent, make_location, result_of
from tests.alerting import RED, make_rule
from tests.factories import make_person, make_service


@pytest.fixture(autouse=True)
def free(configure):
    configure(plan_limits=False)


@pytest.fixture
def operator(app):
    """The first account: the operator's."""
    return make_person(app, "Olga")


@pytest.fixture
def location(operator, alice):
    return make_location(alice)


@pytest.fixture
def service(alice, location):
    return make_service(alice, regions=[location["region"]])


def test_an_agent_learns_where_it_is(agent, location):
    answer = agent.call("hello", {"protocols": [1, 2, 7]})
    assert answer.json["protocol"] == 1
    assert answer.json["region"] == location["region"]
    assert answer.json["location"] == "Berlin office"


@pytest.mark.parametrize("key", ["", "WL_0", "WK_0", f"WL_{'0' * 64}"])
def test_without_the_key_of_a_location_there_is_nothing(app, location, key):
    for name in (
        "hello",
        "claims",
        "snapshots",
        "results",
        "release",
        "extend",
        "losses",
        "answers",
    ):
        assert Agent(app, key).call(name, {}).status_code == 401, name


def test_a_key_of_a_person_is_not_one_of_a_location(app, alice, location):
    key = alice.post("/api-keys", {"name": "CI", "scopes": ["admin"]}).json["key"]
    assert Agent(app, key).call("hello", {"protocols": [1]}).status_code == 401
    headers = {"Authorization": f"Bearer {location['key']}"}
    assert alice.get("/services", headers=headers).status_code == 401


def test_an_old_key_ends_at_once(app, alice, agent, location):
    fresh = alice.post(f"/locations/{location['id']}/rotate-key").json
    assert agent.call("hello", {"protocols": [1]}).status_code == 401
    assert Agent(app, fresh["key"]).call("hello", {"protocols": [1]}).status_code == 200


def test_agents_take_the_new_key_one_after_the_other(app, alice, agent, location, service, rows):
    path = f"/locations/{location['id']}"
    found = alice.post(f"{path}/rotate-key", {"overlap_seconds": 3600}).json
    assert found["previous_key_until"] > timestamp(datetime.now(UTC) + timedelta(minutes=50))
    (claim,) = agent.claims()["claims"]
    newer = Agent(app, found["key"])
    assert newer.deliver(result_of(claim))["judged"] == 1
    assert len(alice.get(path).json["agents"]) == 1, "who is there stays listed"
    rows("UPDATE locations SET previous_key_until = now() - interval '1 second'")
    assert agent.call("hello", {"protocols": [1]}).status_code == 401
    alice.post(f"{path}/rotate-key", {"overlap_seconds": 60})
    newest = alice.post(f"{path}/rotate-key", {"overlap_seconds": 60}).json
    assert newer.call("hello", {"protocols": [1]}).status_code == 401, "two keys at most"
    assert alice.post(f"{path}/rotate-key").json["previous_key_until"] is None
    assert Agent(app, newest["key"]).call("hello", {"protocols": [1]}).status_code == 401
    assert alice.post(f"{path}/rotate-key", {"overlap_seconds": 10**9}).status_code == 422


def test_a_check_goes_out_and_its_result_comes_back(agent, service, alice, rows):
    found = agent.claims()
    (claim,) = found["claims"]
    assert claim["service_id"] == service["id"]
    (snapshot,) = agent.snapshots(service["id"]).json["snapshots"]
    assert snapshot["tag"] == claim["tag"]
    assert snapshot["target"]["endpoint"] == service["endpoint"]
    assert agent.claims()["claims"] == [], "it is under a lease"
    outcome = {"judged": 1, "late": 0, "dropped": 0, "too_early": 0}
    assert agent.deliver(result_of(claim)) == outcome
    assert alice.get(f"/services/{service['id']}").json["status"] == "GREEN"
    again = agent.deliver(result_of(claim))
    assert again == {"judged": 0, "late": 0, "dropped": 1, "too_early": 0}
    assert rows("SELECT count(*) FROM check_results") == [(1,)]


def test_a_lease_has_room_for_the_road(agent, service, rows):
    agent.claims()
    ((seconds,),) = rows(
        "SELECT extract(epoch FROM lease_until - now())::float FROM schedule_entries"
        " WHERE lease_until IS NOT NULL"
    )
    assert 26 < seconds <= 28, "ten of the timeout, three of every worker, fifteen for the road"


def test_a_failure_is_evaluated_and_its_evidence_kept(agent, service, alice):
    make_rule(alice, condition=RED)
    (claim,) = agent.claims()["claims"]
    agent.deliver(result_of(claim, "RED", evidence={"body": "a\u0000b\u0007"}))
    assert alice.get(f"/services/{service['id']}").json["status"] == "RED"
    titles = [alert["service_id"] for alert in alice.get("/alerts").json]
    assert titles
    assert set(titles) == {service["id"]}


def test_agents_of_an_organization_serve_only_its_services(
    app, operator, alice, charlie, agent, location, service, rows
):
    strange = make_service(charlie)
    # As if the validation of `regions` had been passed by.
    rows("UPDATE services SET regions = %s WHERE id = %s", [location["region"]], strange["id"])
    rows(
        "UPDATE schedule_entries SET region = %s WHERE service_id = %s",
        location["region"],
        strange["id"],
    )
    assert [claim["service_id"] for claim in agent.claims()["claims"]] == [service["id"]]
    assert agent.snapshots(strange["id"]).status_code == 404
    forged = result_of(
        {
            "service_id": strange["id"],
            "tag": "1",
            "lease_token": 1,
            "scheduled_for": timestamp(datetime.now(UTC)),
        }
    )
    assert agent.call("results", {"results": [forged]}).status_code == 404
    assert rows("SELECT count(*) FROM check_results") == [(0,)]


def test_a_key_of_one_organization_gets_404_for_services_of_another(
    app, operator, alice, charlie, agent, service
):
    theirs = make_location(charlie)
    other = Agent(app, theirs["key"])
    (claim,) = agent.claims()["claims"]
    assert other.claims()["claims"] == []
    assert other.snapshots(service["id"]).status_code == 404
    answer = other.call("results", {"results": [result_of(claim, "RED")]})
    assert answer.status_code == 404
    assert answer.json == {"error": "not found"}
    assert agent.deliver(result_of(claim))["judged"] == 1


def test_the_operators_location_serves_all_and_spares_their_network(
    app, operator, alice, configure
):
    configure(probe_targets="operators")
    shared = make_location(operator, is_shared=True)
    agent = Agent(app, shared["key"])
    mine = make_service(operator, regions=[shared["region"]])
    theirs = make_service(alice, regions=[shared["region"]])
    assert len(agent.claims()["claims"]) == 2
    found = agent.snapshots(mine["id"], theirs["id"]).json["snapshots"]
    assert {one["service_id"]: one["targets"] for one in found} == {
        mine["id"]: "any",
        theirs["id"]: "public",
    }


def test_at_its_own_location_an_organization_reaches_its_own_network(
    app, operator, alice, configure, location, agent
):
    configure(probe_targets="operators")
    inside = {"endpoint": "http://10.0.0.5/", "regions": [location["region"]]}
    service = make_service(alice, **inside)
    assert agent.snapshots(service["id"]).json["snapshots"][0]["targets"] == "any"
    for wrong in (["default"], ["default", location["region"]]):
        changes = {"regions": wrong, "endpoint": "http://10.0.0.6/"}
        assert alice.patch(f"/services/{service['id']}", changes).status_code == 422


def test_secrets_go_only_to_where_they_are_needed(app, operator, alice, location, agent):
    alice.post("/secrets", {"name": "TOKEN", "value": "s3cr3t-value"})
    config = {"headers": {"X-Key": "{{secrets.TOKEN}}"}}
    here = make_service(alice, regions=[location["region"]], config=config)
    elsewhere = make_service(alice, config=config)
    assert "s3cr3t-value" in agent.snapshots(here["id"]).text
    assert agent.snapshots(elsewhere["id"]).status_code == 404
    both = agent.snapshots(here["id"], elsewhere["id"]).json["snapshots"]
    assert [one["service_id"] for one in both] == [here["id"]]


def test_two_agents_share_a_location(app, alice, location, agent):
    made = {make_service(alice, regions=[location["region"]])["id"] for _ in range(4)}
    other = Agent(app, location["key"])
    one, two = agent.claims(limit=2)["claims"], other.claims()["claims"]
    assert [len(one), len(two)] == [2, 2]
    assert {claim["service_id"] for claim in (*one, *two)} == made
    listed = alice.get(f"/locations/{location['id']}").json
    assert listed["is_alive"]
    assert {seen["agent"] for seen in listed["agents"]} == {agent.name, other.name}


def test_an_agent_is_seen_with_version_lateness_and_the_skew_of_its_clock(
    agent, alice, location, rows
):
    clock = timestamp(datetime.now(UTC) - timedelta(seconds=90))
    agent.claims(pulse=agent.pulse(clock=clock, buffered=7, lateness_ms=31.5, isolated_seconds=60))
    (seen,) = alice.get(f"/locations/{location['id']}").json["agents"]
    assert (seen["version"], seen["protocol"], seen["buffered"]) == ("1.0.0", 1, 7)
    assert seen["lateness_ms"] == 31.5
    assert -95_000 < seen["clock_skew_ms"] < -85_000
    assert seen["blind_since"] is not None
    rows("UPDATE location_agents SET last_seen_at = now() - interval '31 seconds'")
    assert not alice.get(f"/locations/{location['id']}").json["is_alive"]


def test_agent_and_server_agree_on_a_version(app, location):
    assert agreed([1, 2]) == 1, "an agent of the next release"
    assert agreed(["x", 9]) is None
    with_next = Agent(app, location["key"]).call("hello", {"protocols": [1, 2], "news": True})
    assert with_next.json["protocol"] == 1
    refused = Agent(app, location["key"]).call("hello", {"protocols": [99]})
    assert refused.status_code == 426
    assert "within one release" in refused.json["error"]
    stranger = Agent(app, location["key"], protocol=VERSIONS[-1] + 1)
    assert stranger.call("claims", {}).status_code == 426


def test_fields_that_one_end_does_not_know_do_not_hurt(agent, service):
    found = agent.claims(colour="blue", pulse=agent.pulse(mood="fine"))
    (claim,) = found["claims"]
    assert agent.deliver(result_of(claim, mood="fine"))["judged"] == 1


def test_a_bomb_is_refused(app, location, agent):
    headers = {
        "Authorization": f"Bearer {location['key']}",
        "Content-Encoding": "gzip",
        "AlertifyPro-Protocol": "1",
    }
    post = app.test_client().post
    bomb = gzip.compress(b" " * 50_000_000)
    assert post("/api/v1/agent/results", data=bomb, headers=headers).status_code == 413
    cut = gzip.compress(orjson.dumps({"results": []}))[:-6]
    for broken in (cut, b"plain"):
        assert post("/api/v1/agent/results", data=broken, headers=headers).status_code == 400
    odd = headers | {"Content-Encoding": "br"}
    assert post("/api/v1/agent/results", data=b"{}", headers=odd).status_code == 415


def test_a_location_without_agents_is_nobody_elses_trouble(context, service, alice, rows):
    rows("UPDATE schedule_entries SET next_due_at = now() - interval '5 minutes'")
    with transaction() as tx:
        assert late(tx) == []
    assert regions.watch() == [service["regions"][0]]
    assert rows("SELECT count(*) FROM alerts WHERE title = 'Checks are not running'") == [(0,)]


def test_a_claim_waits_for_what_becomes_due(agent, service, rows):
    rows("UPDATE schedule_entries SET next_due_at = now() + interval '0.4 seconds'")
    (claim,) = agent.claims(wait_seconds=5)["claims"]
    assert claim["service_id"] == service["id"]


def test_an_answer_tells_how_long_the_claim_took_without_the_wait(agent, location):
    body = {"limit": 5, "ahead_seconds": 0, "wait_seconds": 2.5, "pulse": agent.pulse()}
    began_at = monotonic()
    answer = agent.call("claims", body).json
    took = monotonic() - began_at
    assert answer["claims"] == []
    assert took > 2.4
    assert 0 < answer["claim_seconds"] < took - 1.5, "one claim, which came after the wait"
