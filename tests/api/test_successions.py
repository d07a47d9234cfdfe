"""A member whom something counts on goes only with a successor."""

from datetime import timedelta

import pytest

from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import (
    created,
    make_override,
    make_policy,
    make_schedule,
    policy_of,
    team_of,
)
from tests.factories import make_member


@pytest.fixture
def bob(app, alice):
    return make_member(app, alice, "Bob", "editor")


@pytest.fixture
def carol(app, alice):
    return make_member(app, alice, "Carol", "editor")


def on_call(person, schedule, at="2026-03-03T12:00:00Z"):
    found = person.get(f"/on-call-schedules/{schedule['id']}/on-call?at={at}").json["on_call"]
    return [one["full_name"] for one in found]


def team_policy(alice, bob, carol):
    policy_of(alice, "team", team_of(alice, bob))


MEMBER_USES = {
    "layer": (lambda a, b, c: make_schedule(a, b, c), "on-call schedule Operations"),
    "override": (
        lambda a, b, c: created(
            a,
            f"/on-call-schedules/{make_schedule(a, c)['id']}/overrides",
            {
                "user_id": str(b.user_id),
                "from": timestamp(utcnow()),
                "to": timestamp(utcnow() + timedelta(days=1)),
            },
        ),
        "on-call schedule Operations",
    ),
    "policy": (lambda a, b, c: policy_of(a, "user", str(b.user_id)), "escalation policy On call"),
    "team": (team_policy, "escalation policy On call by the team Night"),
}


@pytest.mark.parametrize(("use", "said"), MEMBER_USES.values(), ids=MEMBER_USES)
def test_a_member_whom_something_counts_on_is_replaced_or_stays(alice, bob, carol, use, said):
    use(alice, bob, carol)
    path = f"/members/{bob.user_id}"
    for person in (alice, bob):
        refused = person.delete(path)
        assert refused.status_code == 409
        assert refused.json["error"].startswith("Bob is in use: ")
        assert said in refused.json["error"]
    assert alice.get(path).status_code == 200
    assert alice.delete(f"{path}?replace_with={carol.user_id}").status_code == 204
    assert alice.get(path).status_code == 404


@pytest.mark.parametrize("successor", ["bob", "charlie", "nobody"])
def test_a_successor_is_another_member(alice, bob, charlie, successor):
    make_schedule(alice, bob)
    ids = {"bob": bob.user_id, "charlie": charlie.user_id, "nobody": "00000000-0000-4000-8000-0"}
    id = str(ids[successor]).ljust(36, "0")
    refused = alice.delete(f"/members/{bob.user_id}?replace_with={id}")
    assert refused.status_code == 422
    assert "replace_with" in refused.json["fields"]


def test_who_may_not_edit_schedules_names_no_successor(app, alice, bob, carol):
    viewer = make_member(app, alice, "Vera", "viewer")
    make_schedule(alice, viewer)
    refused = viewer.delete(f"/members/{viewer.user_id}?replace_with={bob.user_id}")
    assert refused.status_code == 403
    leaving = bob.delete(f"/members/{bob.user_id}?replace_with={carol.user_id}")
    assert leaving.status_code == 204


def test_the_successor_takes_over_and_rotations_close_up(alice, bob, carol):
    alone = make_schedule(alice, bob)
    turns = make_schedule(alice, bob, carol)
    override = make_override(bob, make_schedule(alice, alice))
    lines = [
        {"level": 1, "delay_minutes": 0, "notify_type": "user", "notify_id": str(bob.user_id)},
        {"level": 1, "delay_minutes": 5, "notify_type": "user", "notify_id": str(carol.user_id)},
        {"level": 2, "delay_minutes": 9, "notify_type": "user", "notify_id": str(bob.user_id)},
    ]
    policy = make_policy(alice, rules=lines)
    alice.delete(f"/members/{bob.user_id}?replace_with={carol.user_id}")
    assert on_call(alice, alone) == ["Carol"]
    layers = alice.get(f"/on-call-schedules/{turns['id']}").json["layers"]
    assert layers[0]["users"] == [str(carol.user_id)]
    kept = alice.get(f"/on-call-schedules/{override['schedule_id']}/overrides").json
    assert [one["user_id"] for one in kept] == [str(carol.user_id)]
    rules = alice.get(f"/escalation-policies/{policy['id']}").json["rules"]
    assert [(r["level"], r["delay_minutes"], r["notify_id"]) for r in rules] == [
        (1, 0, str(carol.user_id)),
        (2, 9, str(carol.user_id)),
    ]


def test_whoever_is_no_member_any_more_hides_nobody(alice, bob, carol, rows):
    schedule = make_schedule(alice, bob, carol)
    body = {"user_id": str(bob.user_id), "from": "2026-03-02T00:00:00Z"}
    created(
        alice,
        f"/on-call-schedules/{schedule['id']}/overrides",
        body | {"to": timestamp(utcnow() + timedelta(days=1))},
    )
    rows("DELETE FROM memberships WHERE user_id = %s", bob.user_id)
    assert on_call(alice, schedule) == ["Carol"]
    timeline = alice.get(
        f"/on-call-schedules/{schedule['id']}/timeline"
        "?from=2026-03-02T00:00:00Z&to=2026-03-30T00:00:00Z"
    ).json
    assert timeline["gaps"] == []


def test_of_two_overrides_the_decision_made_last_counts(alice, bob, carol):
    schedule = make_schedule(alice, alice)
    begin, end = utcnow(), utcnow() + timedelta(days=2)
    later = begin + timedelta(hours=1)
    for person, start in ((bob, begin), (carol, begin), (bob, later), (carol, begin)) * 3:
        body = {
            "user_id": str(person.user_id),
            "from": timestamp(start),
            "to": timestamp(end),
        }
        created(alice, f"/on-call-schedules/{schedule['id']}/overrides", body)
        at = timestamp(begin + timedelta(hours=2))
        assert on_call(alice, schedule, at) == [person.name]
        path = f"/on-call-schedules/{schedule['id']}/timeline?from={at}&to={timestamp(end)}"
        (segment,) = alice.get(path).json["segments"]
        assert segment["on_call"][0]["full_name"] == person.name
