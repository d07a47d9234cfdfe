"""Reminders and repeated levels for receivers that get nothing for a while: one is enough."""

from datetime import timedelta

import pytest

from app.operations.alerts import reminders
from app.operations.escalation import levels
from app.platform.clock import utcnow
from tests.alert_messages import PENDING, sent
from tests.alerting import make_channel, policy_of


@pytest.fixture
def rule(alice):
    (rule,) = alice.get("/alert-rules").json
    changes = {"severity": "warning", "reminder_interval_minutes": 30}
    assert alice.patch(f"/alert-rules/{rule['id']}", changes).status_code == 200
    return rule


@pytest.fixture
def later(rows):
    """Let half an hour pass for the alert, as far as reminders and levels see."""

    def later():
        rows(
            "UPDATE alerts SET fired_at = fired_at - interval '30 minutes',"
            " next_reminder_at = next_reminder_at - interval '30 minutes'"
        )
        rows("UPDATE escalation_levels SET due_at = due_at - interval '30 minutes'")
        reminders.remind_due()
        levels.advance_due()

    return later


def quiet():
    clock = utcnow()
    return {
        "timezone": "UTC",
        "from": (clock - timedelta(hours=1)).strftime("%H:%M"),
        "to": (clock + timedelta(hours=1)).strftime("%H:%M"),
        "min_severity": "critical",
    }


def kinds(rows):
    return [kind for kind, *_ in rows(PENDING)]


def test_reminders_of_quiet_hours_come_as_one(alice, rows, see, rule, later):
    channel = make_channel(alice)
    see("R")
    sent(rows)
    path = f"/notification-channels/{channel['id']}"
    assert alice.patch(path, {"quiet_hours": quiet()}).status_code == 200
    for _ in range(4):
        later()
    assert kinds(rows) == ["alert.fired", "alert.reminder"]


def test_whoever_has_not_heard_of_the_beginning_is_not_reminded(alice, rows, see, rule, later):
    make_channel(alice, quiet_hours=quiet())
    see("R")
    later()
    assert kinds(rows) == ["alert.fired"]


def test_a_receiver_that_is_away_gets_one_reminder(alice, rows, see, rule, later):
    make_channel(alice)
    see("R")
    sent(rows)
    later()
    rows("UPDATE notifications SET attempts = 3 WHERE status = 'pending'")
    later()
    later()
    assert kinds(rows) == ["alert.fired", "alert.reminder"]
    sent(rows)
    later()
    assert kinds(rows)[2:] == ["alert.reminder"], "it is back"


def test_repeated_levels_come_as_one_after_quiet_hours(alice, rows, see, rule, later):
    alice.patch(f"/alert-rules/{rule['id']}", {"reminder_interval_minutes": None})
    channel = make_channel(alice, quiet_hours=quiet())
    policy_of(alice, "channel", channel["id"], is_default=True, repeat_count=5)
    see("R")
    sent(rows)
    for _ in range(6):
        later()
    assert kinds(rows) == ["alert.fired", "alert.escalated"]
