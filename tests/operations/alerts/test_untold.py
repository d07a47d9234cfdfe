"""An alert that the ordinary way tells nobody of says so, and somebody is told all the same."""

import pytest

from app.operations.escalation import levels as escalation_levels
from app.operations.heartbeats import flips
from app.platform.clock import utcnow
from tests.alerting import created, make_channel, make_policy, make_schedule, policy_of, team_of
from tests.factories import make_member, make_service
from tests.recording import check, observe

SMTP = "smtp://127.0.0.1:25"


@pytest.fixture
def fail(context, alice):
    """Let a service fail; return its alert with the timeline."""

    def fail(**fields):
        service = make_service(alice, **fields)
        check(service, utcnow(), observe("R"))
        escalation_levels.advance_due()
        return latest(alice)

    return fail


def latest(person):
    return person.get(f"/alerts/{person.get('/alerts?status=all').json[0]['id']}").json


def untold(alert):
    return [line["text"] for line in alert["timeline"] if line["kind"] == "untold"]


def recipients(rows):
    return [key for (key,) in rows("SELECT recipient_key FROM notifications ORDER BY created_at")]


def rule_names(alice, *channels):
    (rule,) = alice.get("/alert-rules").json
    ids = [channel["id"] for channel in channels]
    alice.patch(f"/alert-rules/{rule['id']}", {"notification_channel_ids": ids})


def off(alice, **fields):
    channel = make_channel(alice, is_enabled=False, **fields)
    rule_names(alice, channel)


def no_channel(alice):
    """Leave the organization without a channel."""


def picky(alice):
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "info"})
    make_channel(alice, min_severity="warning")


def deaf(alice):
    make_channel(alice, name="Chat", events=["maintenance.started"])


REASONS = {
    "switched off": (off, "Ops is switched off"),
    "no channel": (no_channel, "the organization has no notification channel"),
    "severity": (picky, "Ops takes critical and warning alerts only"),
    "events": (deaf, "Chat does not listen to alert.fired"),
}


@pytest.mark.parametrize(("prepare", "reason"), REASONS.values(), ids=REASONS)
def test_the_alert_says_that_nobody_was_told_and_why(alice, rows, fail, prepare, reason):
    prepare(alice)
    alert = fail()
    assert (alert["told"], alert["told_reason"]) == ("none", reason)
    (line,) = untold(alert)
    assert line.startswith(f"nobody was told, because {reason}; this server sends no mail")
    (listed,) = alice.get("/alerts?told=none").json
    assert (listed["told"], listed["told_reason"]) == ("none", reason)
    assert recipients(rows) == []


@pytest.mark.parametrize(("prepare", "reason"), REASONS.values(), ids=REASONS)
def test_the_owners_are_told_by_mail_where_it_can_be_sent(
    alice, rows, fail, configure, app, prepare, reason
):
    configure(smtp_url=SMTP)
    make_member(app, alice, "Eve", "editor")
    prepare(alice)
    alert = fail()
    assert (alert["told"], alert["told_reason"]) == ("pending", reason)
    assert untold(alert)[0].endswith(f"because {reason}; the owners are told by mail")
    assert recipients(rows) == [f"user:{alice.user_id}:owner"]
    ((contact, message),) = rows("SELECT contact, message FROM notifications")
    assert contact == {"type": "email", "config": {"to": [alice.email]}}
    assert reason in message["note"]


def test_a_fallback_comes_before_the_owners(alice, rows, fail, configure):
    configure(smtp_url=SMTP)
    last = make_channel(alice, name="Last", min_severity="critical")
    middle = make_channel(alice, name="Middle", is_enabled=False, fallback_channel_id=last["id"])
    off(alice, fallback_channel_id=middle["id"])
    alert = fail()
    assert untold(alert)[0].endswith("Last is told as the fallback")
    assert recipients(rows) == [f"channel:{last['id']}"]


def test_whoever_was_told_instead_hears_the_end(alice, rows, fail, configure):
    configure(smtp_url=SMTP)
    fail(name="Shop")
    rows("UPDATE notifications SET status = 'sent', attempts = 1")
    (service,) = alice.get("/services").json
    check(service, utcnow(), observe("G"))
    assert rows("SELECT kind, recipient_key FROM notifications WHERE status = 'pending'") == [
        ("alert.resolved", f"user:{alice.user_id}:owner")
    ]


def test_an_alert_that_somebody_hears_of_says_nothing(alice, fail, rows):
    make_channel(alice)
    alert = fail()
    assert (alert["told"], alert["told_reason"], untold(alert)) == ("pending", None, [])
    rows("UPDATE notifications SET status = 'sent'")
    assert latest(alice)["told"] == "sent"
    assert alice.get("/alerts?told=none").json == []
    assert len(alice.get("/alerts?told=sent").json) == 1


def test_messages_that_never_got_through_told_nobody(alice, fail, rows):
    make_channel(alice)
    fail()
    rows("UPDATE notifications SET status = 'dead', last_error = 'HTTP 404'")
    alert = latest(alice)
    assert alert["told"] == "none"
    assert "could not be delivered (HTTP 404)" in alert["told_reason"]
    assert len(alice.get("/alerts?told=none").json) == 1


def test_a_hidden_alert_says_what_hides_it(alice, context):
    database = make_service(alice, name="Database")
    shop = make_service(alice, name="Shop", depends_on=[database["id"]])
    for service in (database, shop):
        check(service, utcnow(), observe("R"))
    (hidden,) = [a for a in alice.get("/alerts").json if a["service_name"] == "Shop"]
    assert (hidden["told"], hidden["told_reason"]) == ("none", "it is hidden: Database is down")


def nobody_at_all(alice, app):
    """A policy whose only level reaches nobody: the team is empty."""
    policy_of(alice, "team", team_of(alice), is_default=True)


def gone_from_schedule(alice, app):
    bob = make_member(app, alice, "Bob", "responder")
    policy_of(alice, "schedule", make_schedule(alice, bob)["id"], is_default=True)
    with app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM memberships WHERE user_id = '{bob.user_id}'")


def channel_off(alice, app):
    channel = make_channel(alice, is_enabled=False)
    policy_of(alice, "channel", channel["id"], is_default=True)


@pytest.mark.parametrize("prepare", [nobody_at_all, gone_from_schedule, channel_off])
def test_a_policy_that_reaches_nobody_ends_with_the_owners(
    alice, app, rows, fail, configure, prepare
):
    configure(smtp_url=SMTP)
    prepare(alice, app)
    alert = fail()
    assert recipients(rows) == [f"user:{alice.user_id}:owner"]
    assert "the last level of the escalation policy reaches nobody" in alert["told_reason"]


def test_a_last_level_that_reaches_nobody_goes_to_the_owners(alice, app, rows, fail, configure):
    configure(smtp_url=SMTP)
    channel = make_channel(alice)
    empty = team_of(alice)
    lines = [
        {"level": 1, "delay_minutes": 0, "notify_type": "channel", "notify_id": channel["id"]},
        {"level": 2, "delay_minutes": 5, "notify_type": "team", "notify_id": empty},
    ]
    make_policy(alice, rules=lines, is_default=True)
    alert = fail()
    assert recipients(rows) == [f"channel:{channel['id']}"]
    rows("UPDATE escalation_levels SET due_at = now() WHERE status = 'pending'")
    with app.app_context():
        escalation_levels.advance_due()
    assert recipients(rows)[1:] == [f"user:{alice.user_id}:owner"]
    alert = latest(alice)
    assert alert["told_reason"] is None
    assert untold(alert) == [
        "the last level of the escalation policy reaches nobody (team Night);"
        " the owners are told by mail"
    ]


def test_heartbeats_say_it_too(alice, client, context):
    from_api = created(alice, "/heartbeats", {"name": "Backup"})
    key = from_api["unique_key"]
    assert client.post(f"/api/v1/heartbeat/{key}/fail").status_code == 200
    flips.handle()
    assert latest(alice)["told"] == "none"


def test_levels_skipped_for_a_low_severity_act_once_it_is_raised(alice, rows, fail):
    make_channel(alice)
    lines = [
        {
            "level": number,
            "delay_minutes": 0,
            "notify_type": "channel",
            "notify_id": make_channel(alice, name=f"Level {number}", min_severity="critical")["id"],
        }
        for number in (1, 2)
    ]
    make_policy(alice, rules=lines, is_default=True)
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "warning"})
    fail()
    escalation_levels.advance_due()
    states = "SELECT status FROM escalation_levels ORDER BY level"
    assert rows(states) == [("skipped",), ("skipped",)]
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "info"})
    assert rows(states) == [("skipped",), ("skipped",)]
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "critical"})
    for _ in range(3):
        escalation_levels.advance_due()
    assert rows(states) == [("done",), ("done",)]
    kinds = [line["kind"] for line in latest(alice)["timeline"]]
    assert kinds.count("escalation_revived") == 2


def test_an_acknowledged_alert_escalates_no_further_when_its_severity_is_raised(alice, rows, fail):
    make_channel(alice)
    level = make_channel(alice, name="Level", min_severity="critical")
    line = {"level": 1, "delay_minutes": 0, "notify_type": "channel", "notify_id": level["id"]}
    make_policy(alice, rules=[line], is_default=True)
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "warning"})
    alert = fail()
    alice.post(f"/alerts/{alert['id']}/acknowledge", {})
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "critical"})
    escalation_levels.advance_due()
    assert rows("SELECT status FROM escalation_levels") != [("pending",)]
    assert "escalation_revived" not in [line["kind"] for line in latest(alice)["timeline"]]
