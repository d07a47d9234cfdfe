"""Who hears of beginnings and ends while delays run, severities change, and people act."""

from datetime import timedelta

import pytest

from app.domain.messages.messages import compose
from app.operations.heartbeats import flips
from app.operations.notifications.payloads import revive
from app.platform.clock import utcnow
from tests.alert_messages import ALERT, PENDING, sent
from tests.alerting import make_channel
from tests.heartbeats import make_heartbeat

ACTIONS = {
    "acknowledge": lambda act, see: act("acknowledge"),
    "resolve": lambda act, see: act("resolve"),
    "snooze": lambda act, see: act("snooze", minutes=30),
    "recovery": lambda act, see: see("G"),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_not_due_yet_is_withdrawn(alice, rows, see, act, messages, delayed, action):
    see("R")
    (first, _) = delayed
    sent(rows, first)
    ACTIONS[action](act, see)
    found = messages(delayed)
    assert ("alert.fired", "late", "cancelled") in found
    ends = [name for kind, name, _ in found if kind == "alert.resolved"]
    assert ends == (["first"] if action in ("resolve", "recovery") else [])
    see("G")
    ends = [name for kind, name, _ in messages(delayed) if kind == "alert.resolved"]
    assert ends == ["first"], "who heard nothing hears no end"


def test_what_was_due_and_unsent_tells_both_at_once(alice, rows, see, messages, delayed):
    see("R")
    rows("UPDATE notifications SET next_try_at = now() - interval '1 second'")
    see("G")
    assert messages(delayed)[2:] == [
        ("alert.resolved", "first", "pending"),
        ("alert.resolved", "late", "pending"),
    ]
    combined = rows("SELECT message ->> 'combined' FROM notifications WHERE status = 'pending'")
    assert combined == [("true",)] * 2


def test_nobody_told_in_time_stands_on_the_timeline(alice, rows, see, delayed):
    see("R")
    rows("UPDATE notifications SET next_try_at = now() + interval '5 minutes'")
    see("G")
    alert = alice.get(f"/alerts/{rows(ALERT)[0][0]}").json
    reason = "it was over before anybody was to be told"
    assert (alert["told"], alert["told_reason"]) == ("none", reason)
    assert [line["kind"] for line in alert["timeline"]] == [
        "fired",
        "escalated",
        "untold",
        "resolved",
    ]


def test_a_removed_member_hears_no_end(alice, app, rows, see, delayed, messages):
    see("R")
    sent(rows)
    rows("DELETE FROM memberships WHERE user_id = %s", alice.user_id)
    see("G")
    assert "alert.resolved" not in [kind for kind, _, _ in messages(delayed)]


# --- severities ---


def channels(alice):
    found = {
        "all": make_channel(alice, name="all"),
        "critical": make_channel(alice, name="critical", min_severity="critical"),
    }
    return {f"channel:{channel['id']}": name for name, channel in found.items()}


def give_severity(alice, severity):
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": severity})


def test_lowered_whoever_heard_the_beginning_hears_the_end(alice, rows, see, messages):
    names = channels(alice)
    see("R")
    sent(rows)
    give_severity(alice, "info")
    see("R")
    see("G")
    ends = sorted(name for kind, name, _ in messages(names) if kind == "alert.resolved")
    assert ends == ["all", "critical"]


def test_raised_whoever_would_hear_of_it_now_is_told(alice, rows, see, messages):
    names = channels(alice)
    give_severity(alice, "warning")
    see("R")
    sent(rows)
    assert [name for _, name, _ in messages(names)] == ["all"]
    give_severity(alice, "critical")
    for _ in range(2):
        see("R")
    assert messages(names)[1:] == [("alert.fired", "critical", "pending")]
    alert = alice.get(f"/alerts/{rows(ALERT)[0][0]}").json
    assert alert["severity"] == "critical"
    assert ("severity_changed", "warning → critical") in [
        (line["kind"], line["text"]) for line in alert["timeline"]
    ]
    sent(rows)
    see("G")
    ends = sorted(name for kind, name, _ in messages(names) if kind == "alert.resolved")
    assert ends == ["all", "critical"]


def test_raised_in_quiet_hours_a_held_message_goes_out(alice, rows, see):
    clock = utcnow()
    quiet = {
        "timezone": "UTC",
        "from": (clock - timedelta(hours=1)).strftime("%H:%M"),
        "to": (clock + timedelta(hours=1)).strftime("%H:%M"),
        "min_severity": "critical",
    }
    make_channel(alice, quiet_hours=quiet)
    give_severity(alice, "warning")
    see("R")
    due = "SELECT next_try_at <= now() FROM notifications"
    assert rows(due) == [(False,)]
    give_severity(alice, "critical")
    assert rows(due) == [(True,)]


def test_a_rule_that_names_another_channel_tells_it(alice, rows, see, messages):
    names = channels(alice)
    see("R")
    sent(rows)
    other = make_channel(alice, name="other")
    names[f"channel:{other['id']}"] = "other"
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"notification_channel_ids": [other["id"]]})
    assert messages(names)[2:] == [("alert.fired", "other", "pending")]


@pytest.mark.parametrize("edit", [{"is_enabled": False}, {"min_severity": "critical"}])
def test_a_channel_that_is_edited_meanwhile_hears_the_end(alice, rows, see, messages, edit):
    give_severity(alice, "warning")
    channel = make_channel(alice)
    see("R")
    sent(rows)
    alice.patch(f"/notification-channels/{channel['id']}", edit)
    see("G")
    assert rows(PENDING)[-1][0] == "alert.resolved"


def test_the_severity_of_a_heartbeat_reaches_its_alert(alice, client, rows, context, messages):
    names = channels(alice)
    heartbeat = make_heartbeat(alice, severity="info")
    client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}/fail")
    flips.handle()
    sent(rows)
    alice.patch(f"/heartbeats/{heartbeat['id']}", {"severity": "critical"})
    assert messages(names)[1:] == [("alert.fired", "critical", "pending")]
    assert rows("SELECT severity FROM alerts") == [("critical",)]


@pytest.mark.parametrize("how", ["recovery", "resolve"])
def test_the_message_of_an_end_does_not_say_that_the_check_has_failed(
    alice, rows, see, act, delayed, how
):
    see("R")
    sent(rows)
    ACTIONS[how](act, see)
    found = rows("SELECT id, kind, message, alert_id, recipient_key, now() FROM notifications")
    texts = {
        kind: compose(revive(message, id=str(id), at=at, alert_id=alert, recipient=key))
        for id, kind, message, alert, key, at in found
    }
    begun, ended = texts["alert.fired"], texts["alert.resolved"]
    assert begun.text.startswith("Check failed with status RED: connection refused")
    assert "connection refused" in ended.text
    assert "Check failed" not in ended.text + ended.subject
