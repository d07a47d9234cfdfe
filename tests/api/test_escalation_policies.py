"""/escalation-policies: written, validated and simulated over HTTP."""

from uuid import uuid4

import pytest

from tests.alerting import insert, make_channel, make_policy
from tests.factories import make_member


def line(level, delay, notify_type, notify_id):
    return {
        "level": level,
        "delay_minutes": delay,
        "notify_type": notify_type,
        "notify_id": str(notify_id),
    }


@pytest.fixture
def team(alice, bob, connection):
    id = insert(
        connection,
        "teams",
        id=uuid4(),
        organization_id=alice.organization_id,
        name="Ops",
        description="",
    )
    insert(connection, "team_members", id=uuid4(), team_id=id, user_id=bob.user_id)
    return id


def test_a_policy_from_its_making_to_its_end(alice, bob, team):
    channel = make_channel(alice)
    rules = [
        line(1, 0, "user", bob.user_id),
        line(1, 0, "channel", channel["id"]),
        line(2, 15, "team", team),
    ]
    policy = make_policy(bob, rules=rules, repeat_count=2)
    assert policy["rules"] == rules
    assert policy["repeat_count"] == 2
    assert not policy["is_default"]
    path = f"/escalation-policies/{policy['id']}"
    assert alice.get(path).json == policy
    assert alice.get("/escalation-policies").json == [policy]
    changed = alice.patch(path, {"name": "Nights"})
    assert changed.json["rules"] == rules
    replaced = alice.put(path, changed.json | {"rules": rules[:1]})
    assert replaced.status_code == 200, replaced.text
    assert replaced.json["rules"] == rules[:1]
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404


def test_bad_values_are_named(alice):
    me = alice.user_id
    for rules in (
        [],
        [line(0, 0, "user", me)],
        [line(1, -1, "user", me)],
        [line(1, 0, "pigeon", me)],
        [line(1, 0, "user", "x")],
        [{"level": 1, "delay_minutes": 0, "notify_type": "user"}],
        [line(1, 0, "user", me) | {"mood": 1}],
        [line(1, 10, "user", me), line(2, 5, "user", me)],
        [line(2, 5, "user", me), line(1, 0, "user", me), line(1, 10, "user", me)],
        [line(1, 0, "user", me)] * 51,
        "x",
    ):
        answer = alice.post("/escalation-policies", {"name": "x", "rules": rules})
        assert answer.status_code == 422, rules
        assert "rules" in answer.json["fields"]
    policy = make_policy(alice)
    path = f"/escalation-policies/{policy['id']}"
    assert alice.patch(path, {"rules": [{"level": 1}]}).status_code == 422
    for changes in ({"repeat_count": 6}, {"repeat_count": -1}, {"is_default": 1}, {"id": "x"}):
        assert alice.patch(path, changes).status_code == 422
    assert alice.get(path).json == policy


def test_targets_are_of_the_organization_and_of_their_kind(alice, bob, charlie, team, rows):
    channel, theirs = make_channel(alice), make_channel(charlie)
    for notify_type, notify_id in (
        ("user", charlie.user_id),
        ("user", team),
        ("team", bob.user_id),
        ("channel", theirs["id"]),
        ("channel", team),
        ("schedule", channel["id"]),
        *((kind, uuid4()) for kind in ("user", "team", "channel", "schedule")),
    ):
        rules = [line(1, 0, "user", bob.user_id), line(1, 0, notify_type, notify_id)]
        answer = alice.post("/escalation-policies", {"name": "x", "rules": rules})
        assert answer.status_code == 422
        assert answer.json["error"].startswith("rules.1.notify_id: There is no ")
    assert rows("SELECT count(*) FROM escalation_policies") == [(0,)]


def test_one_policy_is_the_default(alice, charlie):
    theirs = make_policy(charlie, is_default=True)
    first = make_policy(alice, is_default=True)
    assert alice.get("/organization").json["default_escalation_policy_id"] == first["id"]
    second = make_policy(alice, is_default=True)
    defaults = [one["id"] for one in alice.get("/escalation-policies").json if one["is_default"]]
    assert defaults == [second["id"]]
    alice.patch(f"/escalation-policies/{first['id']}", {"is_default": True})
    assert alice.get("/organization").json["default_escalation_policy_id"] == first["id"]
    alice.patch(f"/escalation-policies/{first['id']}", {"is_default": False})
    assert alice.get("/organization").json["default_escalation_policy_id"] is None
    assert charlie.get(f"/escalation-policies/{theirs['id']}").json["is_default"]


def test_a_simulation_tells_who_would_be_told_when(alice, bob, team):
    rules = [line(1, 0, "user", alice.user_id), line(2, 15, "team", team)]
    policy = make_policy(alice, rules=rules, repeat_count=1)
    path = f"/escalation-policies/{policy['id']}/simulate"
    found = bob.post(path, {"at": "2026-03-02T14:00:00Z"}).json
    assert found[:2] == [
        {
            "at": "2026-03-02T14:00:00Z",
            "level": 1,
            "round": 0,
            "notify_type": "user",
            "notify_id": str(alice.user_id),
            "name": "Alice",
            "recipients": ["Alice"],
        },
        {
            "at": "2026-03-02T14:15:00Z",
            "level": 2,
            "round": 0,
            "notify_type": "team",
            "notify_id": str(team),
            "name": "Ops",
            "recipients": ["Bob"],
        },
    ]
    assert [step["round"] for step in found] == [0, 0, 1, 1]
    assert alice.call("POST", path).status_code == 200
    assert alice.post(path, {"at": "yesterday"}).status_code == 422


def test_policies_of_others_do_not_exist(alice, charlie):
    foreign = make_policy(charlie)["id"]
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {}),
        ("PUT", "", {}),
        ("DELETE", "", None),
        ("POST", "/simulate", {}),
    ):
        answers = [
            alice.call(
                method, f"/escalation-policies/{id}{path}", json=body, headers={"X-Request-Id": "x"}
            )
            for id in (foreign, uuid4())
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].data == answers[1].data
        assert dict(answers[0].headers) == dict(answers[1].headers)
    assert charlie.get(f"/escalation-policies/{foreign}").status_code == 200


def test_responders_may_not_change_policies(app, alice):
    policy = make_policy(alice)
    dora = make_member(app, alice, "Dora", "responder")
    path = f"/escalation-policies/{policy['id']}"
    assert dora.get(path).status_code == 200
    assert dora.post(f"{path}/simulate", {}).status_code == 200
    assert dora.patch(path, {"name": "x"}).status_code == 403
    assert dora.delete(path).status_code == 403


def test_a_simulation_skips_what_reaches_nobody(alice, bob):
    empty = alice.post("/teams", {"name": "Nobody"}).json["id"]
    off = make_channel(alice, is_enabled=False)["id"]
    rules = [
        line(1, 0, "team", empty),
        line(2, 15, "channel", off),
        line(3, 30, "user", alice.user_id),
        line(4, 45, "user", bob.user_id),
    ]
    policy = make_policy(alice, rules=rules)
    path = f"/escalation-policies/{policy['id']}/simulate"
    found = alice.post(path, {"at": "2026-03-02T14:00:00Z"}).json
    assert [(step["at"][11:16], step["recipients"]) for step in found] == [
        ("14:00", []),
        ("14:00", []),
        ("14:00", ["Alice"]),
        ("14:45", ["Bob"]),
    ]
