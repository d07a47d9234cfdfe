"""A clock that was ahead and is set right: nothing that was planned sleeps as much longer."""

from datetime import timedelta

import pytest

from app.operations.alerts import clock_steps
from app.operations.escalation import levels as escalation_levels
from app.platform.clock import utcnow
from tests.alerting import make_channel, make_policy
from tests.factories import make_service
from tests.recording import check, observe

JOB = "workers.housekeeping.repair"
TIMES = {
    "alerts": ("fired_at", "next_reminder_at", "snoozed_until"),
    "escalation_levels": ("due_at",),
    "notifications": ("created_at", "next_try_at"),
    "tick_runs": ("finished_at",),
}


@pytest.fixture
def due(rows):
    """Return the seconds until each thing that is planned, by what it is."""

    def due():
        found = {}
        for name, query in (
            ("level", "SELECT min(due_at) FROM escalation_levels WHERE status = 'pending'"),
            ("reminder", "SELECT next_reminder_at FROM alerts"),
            ("contact", "SELECT next_try_at FROM notifications WHERE channel_id IS NULL"),
            ("quiet", "SELECT next_try_at FROM notifications WHERE channel_id IS NOT NULL"),
        ):
            ((at,),) = rows(query)
            found[name] = (at - utcnow()).total_seconds()
        return found

    return due


@pytest.fixture
def planned(context, alice, rows):
    """An alert with a level, a reminder, a delayed contact and a channel in its quiet hours."""
    methods = [{"type": "webhook", "config": {"url": "https://example.com/"}, "delay_minutes": 5}]
    alice.put("/profile", {"contact_methods": methods})
    me = {"notify_type": "user", "notify_id": str(alice.user_id)}
    lines = [me | {"level": at, "delay_minutes": 10 * at - 10} for at in (1, 2)]
    make_policy(alice, is_default=True, rules=lines)
    make_channel(alice)
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"reminder_interval_minutes": 30})
    check(make_service(alice), utcnow(), observe("R"))
    assert escalation_levels.advance_due() == 1
    rows(
        "UPDATE notifications SET next_try_at = now() + interval '3 hours'"
        " WHERE channel_id IS NOT NULL"
    )
    rows("INSERT INTO tick_runs (job, finished_at) VALUES (%s, now())", JOB)


def set_back(rows, hours):
    """Set the clock back, as far as anybody can tell: all that was written lies ahead."""
    for table, columns in TIMES.items():
        for column in columns:
            rows(f"UPDATE {table} SET {column} = {column} + %s", timedelta(hours=hours))


def test_what_was_planned_comes_in_its_time(planned, rows, due):
    before = due()
    set_back(rows, hours=2)
    step = clock_steps.follow(JOB)
    assert step is not None
    assert step.total_seconds() == pytest.approx(7200, abs=20)
    after = due()
    for name in ("level", "reminder", "contact"):
        assert after[name] == pytest.approx(before[name], abs=20), name
    assert after["quiet"] == pytest.approx(before["quiet"] + 7200, abs=20), "by the clock"
    assert rows("SELECT fired_at <= now() FROM alerts") == [(True,)]
    assert clock_steps.follow(JOB) is None, "once"
    assert due() == pytest.approx(after, abs=20)


def test_what_was_planned_since_stays(planned, rows, due):
    before = due()
    rows("UPDATE tick_runs SET finished_at = now() + interval '2 hours'")
    assert clock_steps.follow(JOB) is not None
    assert due() == pytest.approx(before, abs=20)


def test_a_clock_that_goes_on_changes_nothing(planned, rows, due):
    before = due()
    assert clock_steps.follow(JOB) is None
    assert due() == pytest.approx(before, abs=20)


def test_an_alert_of_long_ago_is_moved_as_well(planned, rows, due):
    rows("UPDATE alerts SET fired_at = fired_at - interval '5 hours'")
    rows("UPDATE notifications SET created_at = created_at - interval '5 hours'")
    before = due()
    set_back(rows, hours=2)
    clock_steps.follow(JOB)
    after = due()
    for name in ("level", "reminder", "contact"):
        assert after[name] == pytest.approx(before[name], abs=20), name


def test_what_holds_back_for_a_while_does_so_no_longer(planned, alice, rows):
    rows("UPDATE notifications SET lease_until = now() + interval '45 seconds', lease_token = 1")
    rows("UPDATE notification_channels SET paused_until = now() + interval '30 seconds'")
    alice.post(f"/alerts/{alice.get('/alerts').json[0]['id']}/resolve", {})
    set_back(rows, hours=2)
    for table, column in (
        ("notifications", "lease_until"),
        ("notification_channels", "paused_until"),
        ("rule_states", "resolved_at"),
    ):
        rows(f"UPDATE {table} SET {column} = {column} + interval '2 hours'")
    assert clock_steps.follow(JOB) is not None
    leases = "SELECT max(lease_until) <= now() + interval '45 seconds' FROM notifications"
    assert rows(leases) == [(True,)]
    assert rows("SELECT paused_until <= now() FROM notification_channels") == [(True,)]
    ((cool,),) = rows("SELECT max(resolved_at) <= now() FROM rule_states")
    assert cool
