"""Alerts end when nobody would ever say that they are over: a tag goes, a service is paused."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.operations.alerts import reminders, suppression
from app.platform.clock import utcnow
from tests.alerting import RED, make_channel, make_policy, make_rule
from tests.factories import make_service
from tests.recording import check, claim_of, observe, record


@pytest.fixture
def tagged(alice):
    """A service with a tag, and the only rule for it."""
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"tags": ["shop"], "reminder_interval_minutes": 1})
    return make_service(alice, tags=["shop", "eu"])


def fail(service):
    check(service, utcnow(), observe("R"))


def last_line(alice):
    (alert,) = alice.get("/alerts?status=all").json
    line = alice.get(f"/alerts/{alert['id']}").json["timeline"][-1]
    return alert["status"], line["kind"], line["text"]


UNWATCHED = ("resolved", "resolved", "the alert rule does not watch this service now")


@pytest.mark.parametrize("method", ["patch", "put"])
def test_a_service_that_loses_the_tag_of_a_rule_ends_its_alert(
    context, alice, rows, tagged, method
):
    make_channel(alice)
    fail(tagged)
    getattr(alice, method)(f"/services/{tagged['id']}", {"tags": ["eu"]})
    assert last_line(alice) == UNWATCHED
    kinds = rows("SELECT kind FROM notifications WHERE status = 'pending'")
    assert kinds == [("alert.resolved",)]
    rows("UPDATE alerts SET next_reminder_at = now()")
    assert reminders.remind_due() == 0


def test_one_that_keeps_a_tag_of_the_rule_keeps_its_alert(context, alice, tagged):
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"tags": ["shop", "eu"]})
    fail(tagged)
    alice.patch(f"/services/{tagged['id']}", {"tags": ["eu"]})
    assert len(alice.get("/alerts").json) == 1


def test_alerts_of_other_rules_stay(context, alice, tagged):
    for scope in ({}, {"service_id": tagged["id"]}, {"tags": ["eu"]}):
        make_rule(alice, condition=RED, **scope)
    fail(tagged)
    assert len(alice.get("/alerts").json) == 4
    alice.patch(f"/services/{tagged['id']}", {"tags": ["eu"]})
    assert len(alice.get("/alerts").json) == 3


def test_a_check_under_way_does_not_open_one_by_the_tags_of_before(context, alice, tagged):
    at = utcnow()
    claim = claim_of(UUID(tagged["id"]), "default", at)
    alice.patch(f"/services/{tagged['id']}", {"tags": []})
    record([claim], at, observe("R"))
    assert alice.get("/alerts?status=all").json == []


PAUSES = {
    "pause": lambda person, id: person.post(f"/services/{id}/pause"),
    "patch": lambda person, id: person.patch(f"/services/{id}", {"is_active": False}),
    "bulk": lambda person, id: person.post("/services/bulk", {"action": "pause", "ids": [id]}),
}


@pytest.mark.parametrize("pause", PAUSES.values(), ids=PAUSES)
def test_a_pause_ends_the_alert_and_says_so(context, alice, rows, tagged, pause):
    make_channel(alice)
    make_policy(alice, is_default=True)
    fail(tagged)
    assert pause(alice, tagged["id"]).status_code in (200, 204)
    assert last_line(alice) == ("resolved", "resolved", "the service was paused")
    assert rows("SELECT DISTINCT status FROM escalation_levels") == [("cancelled",)]
    assert rows("SELECT next_reminder_at FROM alerts") == [(None,)]


def test_pauses_stand_between_the_colours(context, alice, rows, tagged):
    fail(tagged)
    for _ in range(2):  # pausing twice is pausing once
        alice.post(f"/services/{tagged['id']}/pause")
    for _ in range(2):
        alice.post(f"/services/{tagged['id']}/resume")
    alice.post("/services/bulk", {"action": "pause", "ids": [tagged["id"]]})
    alice.patch(f"/services/{tagged['id']}", {"is_active": True, "name": "Shop 2"})
    found = rows("SELECT from_status, to_status FROM status_changes ORDER BY at")
    red_to_paused, paused_to_red = ("RED", "PAUSED"), ("PAUSED", "RED")
    assert found == [("PENDING", "RED"), *[red_to_paused, paused_to_red] * 2]
    assert alice.get(f"/services/{tagged['id']}").json["status"] == "RED"


def test_downtime_does_not_grow_while_a_service_is_paused(context, alice, rows, tagged):
    begin = utcnow() - timedelta(minutes=40)
    for minute in range(30):
        check(tagged, begin + timedelta(minutes=minute), observe("R"))
    alice.post(f"/services/{tagged['id']}/pause")
    rows(
        "UPDATE status_changes SET at = %s WHERE to_status = 'PAUSED'",
        begin + timedelta(minutes=30),
    )
    found = alice.get(f"/services/{tagged['id']}/uptime").json
    assert found["downtime_seconds"] == pytest.approx(1800, abs=70)
    assert found["paused_seconds"] == pytest.approx(600, abs=70)


def test_what_still_fails_after_the_pause_is_a_new_alert(context, alice, tagged):
    fail(tagged)
    alice.post(f"/services/{tagged['id']}/pause")
    assert alice.get("/alerts").json == []
    alice.post(f"/services/{tagged['id']}/resume")
    fail(tagged)
    assert len(alice.get("/alerts").json) == 1


def test_what_a_paused_root_cause_hid_is_told(context, alice, rows, tagged):
    child = make_service(alice, name="Child", tags=["shop"], depends_on=[tagged["id"]])
    fail(tagged)
    fail(child)
    (hidden,) = [a for a in alice.get("/alerts").json if a["service_name"] == "Child"]
    assert hidden["suppressed_by"] is not None
    alice.post(f"/services/{tagged['id']}/pause")
    rows(
        "UPDATE alerts SET resolved_at = %s WHERE status = 'resolved'",
        utcnow() - timedelta(minutes=1),
    )
    assert suppression.release() == 1
