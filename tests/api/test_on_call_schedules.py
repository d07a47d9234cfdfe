"""/on-call-schedules: written, overridden and asked over HTTP."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.alerting import created, insert, make_policy, make_schedule
from tests.factories import make_member

NOW = datetime.now(UTC).replace(microsecond=0)
OFFICE = {"start_time": "09:00", "end_time": "17:00", "days": ["mon", "Tuesday"]}


def at(hours):
    return (NOW + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def names(answer):
    assert answer.status_code == 200, answer.text
    return [person["full_name"] for person in answer.json["on_call"]]


def test_a_schedule_from_its_making_to_its_end(alice, bob):
    schedule = make_schedule(alice, alice, bob, handoff_time="09:00", restriction=OFFICE)
    assert schedule["layers"] == [
        {
            "name": "Primary",
            "rotation_type": "weekly",
            "handoff_day": "monday",
            "handoff_time": "09:00",
            "users": [str(alice.user_id), str(bob.user_id)],
            "restriction": OFFICE | {"days": ["monday", "tuesday"]},
            "rotation_days": None,
            "starts_at": "2026-03-02T00:00:00Z",
        }
    ]
    path = f"/on-call-schedules/{schedule['id']}"
    assert bob.get(path).json == schedule
    assert bob.get("/on-call-schedules").json == [schedule]
    renamed = bob.patch(path, {"name": "Nights"}).json
    assert renamed["layers"] == schedule["layers"]
    replaced = alice.put(path, renamed | {"timezone": "UTC"})
    assert replaced.status_code == 200, replaced.text
    assert replaced.json["timezone"] == "UTC"
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404


def test_people_take_turns(alice, bob):
    schedule = make_schedule(alice, alice, bob)
    path = f"/on-call-schedules/{schedule['id']}"
    assert names(alice.get(f"{path}/on-call?at=2026-03-03T12:00:00Z")) == ["Alice"]
    assert names(alice.get(f"{path}/on-call?at=2026-03-10T12:00:00Z")) == ["Bob"]
    (person,) = alice.get(f"{path}/on-call").json["on_call"]
    assert person["layer"] == "Primary"
    assert not person["is_override"]
    found = alice.get(f"{path}/timeline?from=2026-03-08T00:00:00Z&to=2026-03-17T00:00:00Z").json
    assert [(one["from"], one["on_call"][0]["full_name"]) for one in found["segments"]] == [
        ("2026-03-08T00:00:00Z", "Alice"),
        ("2026-03-08T23:00:00Z", "Bob"),
        ("2026-03-15T23:00:00Z", "Alice"),
    ]
    assert found["gaps"] == []
    assert alice.get(f"{path}/gaps").json["gaps"] == []


def test_gaps_are_forecast(alice):
    schedule = make_schedule(alice, restriction=OFFICE)
    path = f"/on-call-schedules/{schedule['id']}"
    found = alice.get(f"{path}/timeline?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z").json
    assert found["gaps"] == [
        {"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T08:00:00Z"},
        {"from": "2026-03-02T16:00:00Z", "to": "2026-03-03T00:00:00Z"},
    ]
    assert names(alice.get(f"{path}/on-call?at=2026-03-02T20:00:00Z")) == []
    ahead = alice.get(f"{path}/gaps?days=14").json
    assert ahead["gaps"]
    span = datetime.fromisoformat(ahead["to"]) - datetime.fromisoformat(ahead["from"])
    assert span == timedelta(days=14)
    assert "segments" not in ahead


def test_an_override_puts_another_member_on_call(alice, bob):
    schedule = make_schedule(alice)
    path = f"/on-call-schedules/{schedule['id']}"
    body = {"user_id": str(bob.user_id), "from": at(-1), "to": at(1)}
    override = created(alice, f"{path}/overrides", body)
    assert override | {"id": 0} == body | {
        "id": 0,
        "schedule_id": schedule["id"],
        "full_name": "Bob",
    }
    (person,) = alice.get(f"{path}/on-call").json["on_call"]
    assert (person["full_name"], person["is_override"]) == ("Bob", True)
    later = created(alice, f"{path}/overrides", body | {"from": at(5), "to": at(6)})
    listed = alice.get(f"{path}/overrides")
    assert [one["id"] for one in listed.json] == [later["id"], override["id"]]
    first = alice.get(f"{path}/overrides?limit=1")
    following = alice.get(first.headers["Link"].split("/api/v1")[1].split(">")[0])
    assert [one["id"] for one in following.json] == [override["id"]]
    assert alice.delete(f"{path}/overrides/{override['id']}").status_code == 204
    assert names(alice.get(f"{path}/on-call")) == ["Alice"]
    assert alice.delete(f"{path}/overrides/{override['id']}").status_code == 404


def test_bad_overrides(alice, bob, charlie):
    path = f"/on-call-schedules/{make_schedule(alice)['id']}/overrides"
    good = {"user_id": str(bob.user_id), "from": at(0), "to": at(1)}
    for changes, field in (
        ({"user_id": str(charlie.user_id)}, "user_id"),
        ({"user_id": str(uuid4())}, "user_id"),
        ({"to": at(-1)}, "to"),
        ({"from": at(-3), "to": at(-2)}, "to"),
        ({"to": None}, "to"),
        ({"from": "9998-12-31T00:00:00Z"}, "from"),
        ({"mood": 1}, "mood"),
    ):
        answer = alice.post(path, good | changes)
        assert answer.status_code == 422, changes
        assert field in answer.json["fields"]


@pytest.mark.parametrize(
    "change",
    [
        {"users": []},
        {"users": ["x"]},
        {"users": None},
        {"rotation_type": "hourly"},
        {"handoff_day": "caturday"},
        {"handoff_time": "25:00"},
        {"rotation_days": 3},
        {"rotation_type": "custom", "rotation_days": 0},
        {"restriction": {"start_time": "9"}},
        {"restriction": {"days": []}},
        {"restriction": {"hours": 1}},
        {"starts_at": "2026-03-02"},
        {"starts_at": "1970-03-02T00:00:00Z"},
        {"mood": 1},
        {"name": ""},
    ],
)
def test_bad_layers_are_named(alice, change):
    layer = {"name": "Primary", "users": [str(alice.user_id)]} | change
    body = {"name": "x", "layers": [layer]}
    answer = alice.post("/on-call-schedules", body)
    assert answer.status_code == 422
    assert "layers" in answer.json["fields"]
    path = f"/on-call-schedules/{make_schedule(alice)['id']}"
    assert alice.patch(path, {"layers": [layer]}).status_code == 422
    assert alice.patch(path, {"layers": []}).status_code == 422
    assert alice.patch(path, {"timezone": "Mars/Base"}).status_code == 422


def test_users_are_members(app, alice, bob, charlie, connection):
    path = f"/on-call-schedules/{make_schedule(alice, alice, bob)['id']}"
    for user in (charlie.user_id, uuid4()):
        body = {"name": "x", "layers": [{"users": [str(alice.user_id), str(user)]}]}
        answer = alice.post("/on-call-schedules", body)
        assert answer.status_code == 422
        assert answer.json["error"] == f"layers.0.users: There is no member {user}."
        assert alice.patch(path, {"layers": body["layers"]}).status_code == 422


def test_who_has_left_leaves_a_gap(alice, bob, connection):
    schedule = make_schedule(alice, bob)
    path = f"/on-call-schedules/{schedule['id']}"
    connection.execute(
        "DELETE FROM memberships WHERE user_id = %s AND organization_id = %s",
        (bob.user_id, alice.organization_id),
    )
    assert names(alice.get(f"{path}/on-call")) == []
    found = alice.get(f"{path}/gaps?days=1").json
    assert found["gaps"] == [{"from": found["from"], "to": found["to"]}]
    assert alice.put(path, schedule | {"name": "Nights"}).status_code == 200


def test_bad_questions(alice):
    path = f"/on-call-schedules/{make_schedule(alice)['id']}"
    for query in (
        "on-call?at=now",
        "on-call?at=9998-12-31T00:00:00Z",
        "timeline?from=2026-03-02T00:00:00Z&to=2026-03-02T00:00:00Z",
        "timeline?from=2026-03-02T00:00:00Z&to=2027-03-02T00:00:00Z",
        "gaps?days=0",
        "gaps?days=101",
        "gaps?days=x",
    ):
        assert alice.get(f"{path}/{query}").status_code == 422, query


def test_a_policy_may_name_a_schedule(alice, bob):
    schedule = make_schedule(alice, bob)
    line = {
        "level": 1,
        "delay_minutes": 0,
        "notify_type": "schedule",
        "notify_id": schedule["id"],
    }
    policy = make_policy(alice, rules=[line])
    (step,) = alice.post(f"/escalation-policies/{policy['id']}/simulate").json
    assert (step["name"], step["recipients"]) == ("Operations", ["Bob"])


def test_schedules_of_others_do_not_exist(alice, charlie, connection):
    theirs = make_schedule(charlie)["id"]
    override = insert(
        connection,
        "on_call_overrides",
        id=uuid4(),
        schedule_id=theirs,
        user_id=charlie.user_id,
        starts_at=NOW,
        ends_at=NOW + timedelta(days=1),
    )
    body = {"user_id": str(alice.user_id), "from": at(0), "to": at(1)}
    for method, path, json in (
        ("GET", "", None),
        ("PATCH", "", {}),
        ("PUT", "", {}),
        ("DELETE", "", None),
        ("GET", "/on-call", None),
        ("GET", "/timeline", None),
        ("GET", "/gaps", None),
        ("GET", "/overrides", None),
        ("POST", "/overrides", body),
        ("DELETE", f"/overrides/{override}", None),
    ):
        answers = [
            alice.call(
                method, f"/on-call-schedules/{id}{path}", json=json, headers={"X-Request-Id": "x"}
            )
            for id in (theirs, uuid4())
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].data == answers[1].data
        assert dict(answers[0].headers) == dict(answers[1].headers)
    mine = make_schedule(alice)["id"]
    assert alice.delete(f"/on-call-schedules/{mine}/overrides/{override}").status_code == 404
    assert names(charlie.get(f"/on-call-schedules/{theirs}/on-call")) == ["Charlie"]


def test_responders_may_not_change_schedules(app, alice):
    path = f"/on-call-schedules/{make_schedule(alice)['id']}"
    dora = make_member(app, alice, "Dora", "responder")
    assert dora.get(f"{path}/on-call").status_code == 200
    assert dora.patch(path, {}).status_code == 403
    assert dora.post(f"{path}/overrides", {}).status_code == 403
    assert dora.delete(path).status_code == 403
