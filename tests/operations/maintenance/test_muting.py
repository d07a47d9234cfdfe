"""Alerts that are open as maintenance begins, and outages that outlast it."""

from datetime import timedelta

import pytest

from app.operations.alerts import reminders
from app.operations.alerts import suppression as hiding
from app.operations.escalation import levels as escalation_levels
from app.operations.maintenance import announcements as maintenance_announcements
from app.operations.maintenance import muting
from app.operations.notifications import claim as outbox
from app.operations.notifications import results
from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import make_channel, make_policy, make_window
from tests.event_messages import check
from tests.factories import make_service


@pytest.fixture
def shop(alice):
    """A service with reminders and an escalation, both an hour after it has failed."""
    channel = make_channel(alice)
    rule = {"level": 1, "delay_minutes": 60, "notify_type": "user"}
    make_policy(alice, is_default=True, rules=[{**rule, "notify_id": str(alice.user_id)}])
    (down,) = alice.get("/alert-rules").json
    changes = {"reminder_interval_minutes": 60, "notification_channel_ids": [channel["id"]]}
    alice.patch(f"/alert-rules/{down['id']}", changes)
    return make_service(alice, tags=["web"])


@pytest.fixture
def an_hour_later(rows):
    """Let an hour go by for everything that is due."""

    def pass_by():
        rows("UPDATE alerts SET fired_at = fired_at - interval '61 minutes'")
        rows("UPDATE alerts SET next_reminder_at = next_reminder_at - interval '61 minutes'")
        rows("UPDATE escalation_levels SET due_at = due_at - interval '61 minutes'")

    return pass_by


@pytest.fixture
def advance(app):
    def advance():
        with app.app_context():
            return escalation_levels.advance_due(), reminders.remind_due(), hiding.release()

    return advance


def sent(rows):
    return [kind for (kind,) in rows("SELECT kind FROM notifications ORDER BY created_at")]


@pytest.mark.parametrize("scope", [{}, {"tags": ["web"]}, {"service_ids": "shop"}])
def test_nobody_is_reminded_and_nothing_escalates_inside(
    app, alice, rows, shop, an_hour_later, advance, scope
):
    check(app, rows, "RED")
    if "service_ids" in scope:
        scope = {"service_ids": [shop["id"]]}
    window = make_window(alice, **scope)
    an_hour_later()
    assert (advance(), sent(rows)) == ((0, 0, 0), ["alert.fired"])
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert advance() == (1, 1, 0), "it has outlasted the window"
    assert sorted(sent(rows)) == ["alert.escalated", "alert.fired", "alert.reminder"]


def test_windows_of_others_silence_nobody(app, alice, charlie, rows, shop, an_hour_later, advance):
    check(app, rows, "RED")
    make_window(charlie)
    make_window(alice, tags=["database"])
    an_hour_later()
    assert advance() == (1, 1, 0)


def test_what_was_hidden_is_not_released_inside(app, alice, rows, shop, advance):
    database = make_service(alice, name="Database")
    alice.patch(f"/services/{shop['id']}", {"depends_on": [database["id"]]})
    check(app, rows, "RED")
    alerts = {alert["service_name"]: alert for alert in alice.get("/alerts").json}
    rows(
        "UPDATE alerts SET suppressed_by = %s WHERE id = %s",
        alerts["Database"]["id"],
        alerts["Shop"]["id"],
    )
    alice.post(f"/alerts/{alerts['Database']['id']}/resolve", {})
    rows("UPDATE alerts SET resolved_at = now() - interval '1 minute' WHERE status = 'resolved'")
    window = make_window(alice, service_ids=[shop["id"]])
    assert advance()[2] == 0
    alice.delete(f"/maintenance-windows/{window['id']}")
    assert advance()[2] == 1


def test_an_end_that_was_held_goes_out_when_the_window_ends_early(app, alice, rows, shop):
    check(app, rows, "RED")
    window = make_window(alice, ends_at="2099-01-01T00:00:00Z")
    check(app, rows, "GREEN")
    due = "SELECT next_try_at FROM notifications WHERE status = 'pending'"
    assert [at.year for (at,) in rows(due)] == [2099]
    with app.app_context():
        assert muting.release_deferred() == 0
        alice.post(f"/maintenance-windows/{window['id']}/end")
        assert muting.release_deferred() == 1
        assert muting.release_deferred() == 0
    assert rows(f"{due} AND next_try_at > now()") == []


def test_an_end_that_was_held_still_minds_quiet_hours(app, alice, rows, shop):
    now = utcnow()
    hours = {
        "timezone": "UTC",
        "from": (now - timedelta(hours=1)).strftime("%H:%M"),
        "to": (now + timedelta(hours=3)).strftime("%H:%M"),
        "min_severity": "critical",
    }
    (channel,) = alice.get("/notification-channels").json
    alice.patch(f"/notification-channels/{channel['id']}", {"quiet_hours": hours})
    (down,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{down['id']}", {"severity": "warning"})
    check(app, rows, "RED")
    window = make_window(alice, ends_at="2099-01-01T00:00:00Z")
    rows("UPDATE notifications SET status = 'sent'")
    check(app, rows, "GREEN")
    alice.delete(f"/maintenance-windows/{window['id']}")
    with app.app_context():
        assert muting.release_deferred() == 1
    ((due,),) = rows("SELECT next_try_at FROM notifications WHERE status = 'pending'")
    assert now < due < now + timedelta(hours=4)


@pytest.mark.parametrize("end", ["by hand", "by a tick", "by its deletion"])
def test_what_fails_is_looked_at_as_the_window_ends(app, alice, rows, shop, end):
    alice.patch(f"/services/{shop['id']}", {"check_interval_seconds": 86400})
    other = make_service(alice, check_interval_seconds=86400)
    window = make_window(alice, tags=["web"])
    check(app, rows, "RED")
    assert rows("SELECT 1 FROM schedule_entries WHERE next_due_at <= now()") == []
    path = f"/maintenance-windows/{window['id']}"
    if end == "by hand":
        alice.post(f"{path}/end")
    elif end == "by its deletion":
        alice.delete(path)
    else:
        rows(
            "UPDATE maintenance_windows SET ends_at = %s, next_edge_at = %s",
            *[utcnow() - timedelta(seconds=1)] * 2,
        )
        with app.app_context():
            assert maintenance_announcements.enqueue_due()
    due = rows("SELECT service_id::text FROM schedule_entries WHERE next_due_at <= now()")
    assert due == [(shop["id"],)], other["name"]


def test_what_passes_is_left_to_its_time(app, alice, rows, shop):
    window = make_window(alice, ends_at=timestamp(utcnow() + timedelta(hours=1)))
    check(app, rows, "GREEN")
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert rows("SELECT 1 FROM schedule_entries WHERE next_due_at <= now()") == []


def test_a_delayed_contact_hears_nothing_inside(app, alice, rows, shop):
    """Like a level: a contact's own delay that runs out in maintenance waits for its end."""
    methods = [{"type": "webhook", "config": {"url": "https://example.com/"}, "delay_minutes": 5}]
    alice.put("/profile", {"contact_methods": methods})
    policy = alice.get("/escalation-policies").json[0]
    lines = [{**line, "delay_minutes": 0} for line in policy["rules"]]
    alice.patch(f"/escalation-policies/{policy['id']}", {"rules": lines})
    check(app, rows, "RED")
    with app.app_context():
        assert escalation_levels.advance_due() == 1
        for send in outbox.claim(10):
            results.record(send, outbox.DeliveryOutcome(ok=True))
        window = make_window(alice, service_ids=[shop["id"]])
        a_moment_later = (
            "UPDATE notifications SET created_at = created_at - interval '6 minutes',"
            " next_try_at = now() WHERE status = 'pending'"
        )
        rows(a_moment_later)
        assert outbox.claim(10) == []
        ((attempts, is_later),) = rows(
            "SELECT attempts, next_try_at > now() FROM notifications WHERE status = 'pending'"
        )
        assert (attempts, is_later) == (0, True)
        alice.post(f"/maintenance-windows/{window['id']}/end")
        rows(a_moment_later)
        assert [send.kind for send in outbox.claim(10)] == ["alert.fired"]


def test_what_was_due_before_maintenance_goes_out_inside(app, alice, rows, shop):
    check(app, rows, "RED")
    make_window(alice, service_ids=[shop["id"]])
    with app.app_context():
        assert [send.kind for send in outbox.claim(10)] == ["alert.fired"]
