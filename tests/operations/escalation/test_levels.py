"""Escalation levels as they act: whom they tell, and of what."""

from datetime import timedelta

import pytest

from app.operations.alerts import suppression
from app.operations.escalation import levels as escalation_levels
from app.platform.clock import utcnow
from tests.alerting import make_channel, make_policy
from tests.event_messages import check
from tests.factories import make_service


@pytest.fixture
def advance(app, rows):
    """Let half a minute go by, and every level act whose time has come."""

    def advance():
        rows("UPDATE escalation_levels SET due_at = due_at - interval '30 seconds'")
        rows("UPDATE alerts SET fired_at = fired_at - interval '30 seconds'")
        rows("UPDATE alert_events SET at = at - interval '30 seconds'")
        with app.app_context():
            return escalation_levels.advance_due()

    return advance


def at_once(alice, channel):
    rule = {"level": 1, "delay_minutes": 0, "notify_type": "channel", "notify_id": channel["id"]}
    make_policy(alice, is_default=True, rules=[rule])


def sent(rows):
    return [kind for (kind,) in rows("SELECT kind FROM notifications ORDER BY created_at")]


def test_a_service_that_depends_on_others_is_told_once(app, alice, rows, advance):
    at_once(alice, make_channel(alice))
    database = make_service(alice, name="Database")
    check(app, rows, "GREEN")
    shop = make_service(alice, name="Shop", depends_on=[database["id"]])
    alice.patch(f"/services/{database['id']}", {"is_active": False})
    check(app, rows, "RED")
    assert alice.get("/alerts").json[0]["service_id"] == shop["id"]
    assert advance() == 1
    assert sent(rows) == ["alert.fired"]


def test_one_that_its_root_cause_lets_go_is_told_once(app, alice, rows, advance):
    at_once(alice, make_channel(alice))
    database = make_service(alice, name="Database")
    check(app, rows, "RED")
    shop = make_service(alice, name="Shop", depends_on=[database["id"]])
    check(app, rows, "RED", only=shop["id"])
    (root,) = [a for a in alice.get("/alerts").json if a["service_name"] == "Database"]
    alice.post(f"/alerts/{root['id']}/resolve", {})
    rows("UPDATE alerts SET resolved_at = %s", utcnow() - timedelta(minutes=1))
    rows("UPDATE alerts SET fired_at = fired_at - interval '2 minutes'")
    rows("UPDATE alerts SET resolved_at = NULL WHERE status <> 'resolved'")
    rows("DELETE FROM notifications")
    with app.app_context():
        assert suppression.release() == 1
    assert advance() == 1
    assert sent(rows) == ["alert.fired"]


def test_a_first_level_tells_a_channel_that_hears_of_firings_only(app, alice, rows, advance):
    pager = make_channel(alice, name="Pager", events=["alert.fired", "alert.resolved"])
    other = make_channel(alice, name="Other")
    (down,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{down['id']}", {"notification_channel_ids": [other["id"]]})
    at_once(alice, pager)
    make_service(alice)
    check(app, rows, "RED")
    assert advance() == 1
    assert sent(rows) == ["alert.fired", "alert.fired"]


def test_a_level_whose_time_was_brought_forward_by_hand_is_told(app, alice, rows, advance):
    channel = make_channel(alice)
    line = {"notify_type": "channel", "notify_id": channel["id"]}
    lines = [line | {"level": at, "delay_minutes": 5 * at - 5} for at in (1, 2)]
    make_policy(alice, is_default=True, rules=lines)
    make_service(alice)
    check(app, rows, "RED")
    assert advance() == 1
    rows("UPDATE escalation_levels SET due_at = now() WHERE status = 'pending'")
    with app.app_context():
        assert escalation_levels.advance_due() == 1
    assert sent(rows) == ["alert.fired", "alert.escalated"]
