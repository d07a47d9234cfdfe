"""GET /coverage: what nobody would hear of, and why."""

import pytest

from tests.alerting import make_channel, make_policy, make_rule
from tests.factories import make_member, make_service
from tests.heartbeats import make_heartbeat

RED = {"metric": "status", "operator": "in", "value": ["RED"]}


@pytest.fixture
def quiet(alice):
    """Alice without the rule that every organization begins with."""
    for rule in alice.get("/alert-rules").json:
        assert alice.delete(f"/alert-rules/{rule['id']}").status_code == 204
    return alice


def gaps(person, kind):
    found = person.get("/coverage").json["gaps"]
    return {(gap["name"], gap["reason"]) for gap in found if gap["kind"] == kind}


def test_nothing_to_cover(alice):
    found = alice.get("/coverage").json
    assert found["services"] == {"total": 0, "covered": 0}
    assert found["channels_enabled"] == 0
    assert gaps(alice, "rule") == {("Service down", "nobody_told")}


def test_no_channel_at_all(alice):
    make_service(alice)
    make_heartbeat(alice)
    assert gaps(alice, "service") == {("Shop", "nobody_told")}
    assert {reason for _, reason in gaps(alice, "heartbeat")} == {"nobody_told"}
    make_channel(alice)
    found = alice.get("/coverage").json
    assert found["gaps"] == []
    assert found["services"] == found["heartbeats"] == {"total": 1, "covered": 1}


def test_no_rule_watches_it(quiet):
    make_channel(quiet)
    make_service(quiet, name="Watched", tags=["web"])
    one = make_service(quiet, name="One")["id"]
    make_service(quiet, name="Forgotten", tags=["db"])
    make_service(quiet, name="Paused", is_active=False)
    make_rule(quiet, tags=["web"], condition=RED)
    make_rule(quiet, service_id=one, condition={})
    off = make_rule(quiet, tags=["db"], condition=RED)
    quiet.patch(f"/alert-rules/{off['id']}", {"is_enabled": False})
    assert gaps(quiet, "service") == {("Forgotten", "no_rule")}
    assert quiet.get("/coverage").json["services"] == {"total": 3, "covered": 2}


@pytest.mark.parametrize(
    ("condition", "is_covered"),
    [
        ("response_time > 800", False),
        ("ssl_expiry < 14", False),
        ("response_time > 800 || status_code != 200", True),
        ({"metric": "consecutive_failures", "operator": ">=", "value": 3}, True),
        ({}, True),
    ],
)
def test_a_rule_that_does_not_ask_whether_it_is_down(quiet, condition, is_covered):
    make_channel(quiet)
    make_service(quiet)
    make_rule(quiet, condition=condition)
    expected = set() if is_covered else {("Shop", "no_outage_rule")}
    assert gaps(quiet, "service") == expected


@pytest.mark.parametrize(
    "channel",
    [
        {"is_enabled": False},
        {"events": ["maintenance.started"]},
        {"type": "email", "config": {"to": ["a@example.com"]}},  # this server sends no mail
    ],
)
def test_a_channel_that_takes_no_alert(alice, channel):
    make_channel(alice, **channel)
    make_service(alice)
    assert gaps(alice, "service") == {("Shop", "nobody_told")}


def test_a_channel_for_worse_alerts_only(quiet):
    make_channel(quiet, min_severity="critical")
    make_service(quiet)
    rule = make_rule(quiet, severity="warning", condition=RED)
    assert gaps(quiet, "rule") == {("Slow", "nobody_told")}
    quiet.patch(f"/alert-rules/{rule['id']}", {"severity": "critical"})
    assert gaps(quiet, "service") == set()


def test_a_channel_whose_messages_fail(alice, rows):
    make_channel(alice)
    make_service(alice)
    rows("UPDATE notification_channels SET consecutive_failures = 3")
    assert gaps(alice, "service") == {("Shop", "channels_failing")}
    assert gaps(alice, "channel") == {("Ops", "failing")}
    make_channel(alice, name="Other")
    assert gaps(alice, "service") == set()


def test_people_are_reached_by_escalation(alice, configure):
    make_service(alice)
    make_policy(alice, is_default=True)
    assert gaps(alice, "service") == {("Shop", "nobody_told")}, "nobody sends e-mail here"
    configure(smtp_url="smtp://localhost")
    assert gaps(alice, "service") == set()


def test_a_policy_of_the_service(alice, configure):
    configure(smtp_url="smtp://localhost")
    policy = make_policy(alice)["id"]
    make_service(alice, name="With", escalation_policy_id=policy)
    make_service(alice, name="Without")
    assert gaps(alice, "service") == {("Without", "nobody_told")}


def test_coverage_is_of_ones_own_organization_and_for_every_role(app, alice, charlie):
    make_service(alice)
    assert charlie.get("/coverage").json["services"]["total"] == 0
    assert make_member(app, alice, "Vera", "viewer").get("/coverage").status_code == 200
