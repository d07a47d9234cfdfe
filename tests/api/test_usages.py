"""Nothing that something else names can be deleted behind its back."""

import threading

import pytest

from tests.alerting import (
    created,
    make_channel,
    make_policy,
    make_rule,
    make_schedule,
    make_window,
    policy_of,
    team_of,
)
from tests.factories import make_service


def heartbeat(person, **fields):
    return created(person, "/heartbeats", {"name": "Backup"} | fields)


def channel_used_by(use):
    def make(person):
        channel = make_channel(person)["id"]
        use(person, channel)
        return f"/notification-channels/{channel}"

    return make


def policy_used_by(use):
    def make(person):
        policy = make_policy(person)["id"]
        use(person, policy)
        return f"/escalation-policies/{policy}"

    return make


def schedule_of_policy(person):
    schedule = make_schedule(person)["id"]
    policy_of(person, "schedule", schedule)
    return f"/on-call-schedules/{schedule}"


def team_of_policy(person):
    team = team_of(person)
    policy_of(person, "team", team)
    return f"/teams/{team}"


def last_of_team(person):
    team = team_of(person, person)
    policy_of(person, "team", team)
    return f"/teams/{team}/members/{person.user_id}"


def secret_of_service(person):
    made = created(person, "/secrets", {"name": "KEY", "value": "x"})["id"]
    make_service(person, config={"bearer_token": "{{secrets.KEY}}"})
    return f"/secrets/{made}"


USES = {
    "channel of a rule": (
        channel_used_by(lambda p, id: make_rule(p, notification_channel_ids=[id])),
        "Ops is in use: alert rule Slow; ",
    ),
    "channel of a heartbeat": (
        channel_used_by(lambda p, id: heartbeat(p, notification_channel_ids=[id])),
        "heartbeat Backup",
    ),
    "channel of a policy": (
        channel_used_by(lambda p, id: policy_of(p, "channel", id)),
        "escalation policy On call",
    ),
    "fallback": (
        channel_used_by(lambda p, id: make_channel(p, name="Chat", fallback_channel_id=id)),
        "fallback of the channel Chat",
    ),
    "policy of a rule": (
        policy_used_by(lambda p, id: make_rule(p, escalation_policy_id=id)),
        "alert rule Slow",
    ),
    "policy of a service": (
        policy_used_by(lambda p, id: make_service(p, escalation_policy_id=id)),
        "service Shop",
    ),
    "policy of a heartbeat": (
        policy_used_by(lambda p, id: heartbeat(p, escalation_policy_id=id)),
        "heartbeat Backup",
    ),
    "schedule of a policy": (schedule_of_policy, "escalation policy On call"),
    "team of a policy": (team_of_policy, "escalation policy On call"),
    "last of a team": (last_of_team, "the last member of Night is in use: escalation policy"),
    "secret in a sealed field": (secret_of_service, "KEY is used by Shop"),
}


@pytest.mark.parametrize(("make", "said"), USES.values(), ids=USES)
def test_what_is_named_stays(alice, make, said):
    path = make(alice)
    refused = alice.delete(path)
    assert refused.status_code == 409
    assert said in refused.json["error"]
    assert alice.get(path).status_code in (200, 405)


LISTED = [name for name in USES if name not in ("last of a team", "secret in a sealed field")]


@pytest.mark.parametrize("name", LISTED)
def test_what_would_refuse_a_deletion_is_listed(alice, name):
    make, _ = USES[name]
    path = make(alice)
    answer = alice.get(f"{path}/usages")
    assert answer.status_code == 200
    assert ", ".join(answer.json["used_by"]) in alice.delete(path).json["error"]
    assert answer.json["used_by"]


@pytest.mark.parametrize(
    "make", [make_channel, make_policy, make_schedule], ids=lambda make: make.__name__
)
def test_what_nothing_uses_says_so(alice, charlie, make):
    places = {
        make_channel: "notification-channels",
        make_policy: "escalation-policies",
        make_schedule: "on-call-schedules",
    }
    path = f"/{places[make]}/{make(alice)['id']}/usages"
    assert alice.get(path).json == {"used_by": []}
    assert charlie.get(path).status_code == 404


def test_the_services_of_a_location_are_listed(alice):
    location = created(alice, "/locations", {"name": "Berlin"})
    make_service(alice, regions=[location["region"]])
    answer = alice.get(f"/locations/{location['id']}/usages")
    assert answer.json == {"used_by": ["service Shop"]}


def test_what_nothing_names_goes(alice):
    channel = make_channel(alice)["id"]
    rule = make_rule(alice, notification_channel_ids=[channel])
    assert alice.delete(f"/notification-channels/{channel}").status_code == 409
    alice.patch(f"/alert-rules/{rule['id']}", {"notification_channel_ids": []})
    assert alice.delete(f"/notification-channels/{channel}").status_code == 204


def test_a_long_list_is_cut(alice):
    channel = make_channel(alice)["id"]
    for number in range(7):
        make_rule(alice, name=f"Rule {number}", notification_channel_ids=[channel])
    said = alice.delete(f"/notification-channels/{channel}").json["error"]
    assert "alert rule Rule 4 and 2 more" in said


def test_what_others_name_alike_is_theirs(alice, charlie):
    channel = make_channel(alice)["id"]
    make_rule(charlie, notification_channel_ids=[make_channel(charlie)["id"]])
    assert alice.delete(f"/notification-channels/{channel}").status_code == 204


def test_a_window_for_a_deleted_service_covers_nothing_else(alice):
    shop, other = make_service(alice), make_service(alice, name="Blog")
    make_window(alice, service_ids=[shop["id"]])
    alice.delete(f"/services/{shop['id']}")
    assert not alice.get(f"/services/{other['id']}").json["in_maintenance"]


def test_a_heartbeat_cannot_name_a_channel_that_is_being_deleted(alice, rows):
    for _ in range(5):
        channel, barrier, answers = make_channel(alice)["id"], threading.Barrier(2), []

        def at_once(call, barrier=barrier, answers=answers):
            barrier.wait()
            answers.append(call().status_code)

        calls = (
            lambda id=channel: alice.delete(f"/notification-channels/{id}"),
            lambda id=channel: alice.post(
                "/heartbeats", {"name": "x", "notification_channel_ids": [id]}
            ),
        )
        threads = [threading.Thread(target=at_once, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) in ([201, 409], [204, 422])
    dangling = "SELECT count(*) FROM heartbeats WHERE NOT notification_channel_ids <@ ARRAY(%s)"
    assert rows(dangling.replace("%s", "SELECT id FROM notification_channels")) == [(0,)]
