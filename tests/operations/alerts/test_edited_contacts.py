"""Contacts of people that are edited while messages wait for them, or are being sent."""

import pytest

from app.operations.escalation import levels as escalation_levels
from app.operations.notifications import claim, results
from app.operations.notifications.claim import DeliveryOutcome
from tests.alerting import latest_alert, make_policy, policy_of


def hooks(person, *paths):
    methods = [
        {"type": "webhook", "config": {"url": f"https://hooks.example.com/{path}"}}
        for path in paths
    ]
    assert person.put("/profile", {"contact_methods": methods}).status_code == 200


def heard(rows):
    return rows(
        "SELECT kind, right(contact -> 'config' ->> 'url', 1), status FROM notifications"
        " ORDER BY created_at, 2"
    )


def test_what_waits_for_a_contact_follows_an_edit(context, alice, rows, fail):
    hooks(alice, "a")
    policy_of(alice, "user", alice.user_id, is_default=True)
    fail()
    hooks(alice, "b")
    assert heard(rows) == [("alert.fired", "a", "cancelled"), ("alert.fired", "b", "pending")]
    hooks(alice, "b", "c")
    assert heard(rows)[2:] == [], "what waits for one that stays is nobody else's"
    alice.post(f"/alerts/{latest_alert(alice)['id']}/resolve", {})
    hooks(alice, "c")
    told = [(kind, path) for kind, path, status in heard(rows) if status == "pending"]
    assert told == [("alert.resolved", "c")], "with the beginning, which nobody has heard"


@pytest.mark.parametrize(("is_taken", "before"), [(True, "sent"), (False, "cancelled")])
def test_what_is_in_the_air_as_its_contact_is_edited(context, alice, rows, fail, is_taken, before):
    hooks(alice, "a")
    policy_of(alice, "user", alice.user_id, is_default=True)
    fail()
    (send,) = claim.claim(1)
    hooks(alice, "b")
    results.record(send, DeliveryOutcome(ok=is_taken, error=None if is_taken else "HTTP 503"))
    assert heard(rows) == [("alert.fired", "a", before), ("alert.fired", "b", "pending")]
    (send,) = claim.claim(9)
    assert send.config["url"].endswith("/b"), "nothing is tried any more where it was"


def test_each_contact_that_heard_the_beginning_hears_the_end(context, alice, rows, fail):
    hooks(alice, "a")
    line = {"notify_type": "user", "notify_id": str(alice.user_id)}
    make_policy(
        alice,
        is_default=True,
        rules=[{**line, "level": level, "delay_minutes": level} for level in (1, 2)],
    )
    alert = fail(name="Shop")
    for level, path in ((1, "a"), (2, "b")):
        hooks(alice, path)
        rows("UPDATE escalation_levels SET due_at = now() WHERE level = %s", level)
        escalation_levels.advance_due()
        rows("UPDATE notifications SET status = 'sent', attempts = 1")
    alice.post(f"/alerts/{alert['id']}/resolve", {})
    assert sorted(heard(rows)) == [
        ("alert.escalated", "b", "sent"),
        ("alert.fired", "a", "sent"),
        ("alert.resolved", "a", "pending"),
        ("alert.resolved", "b", "pending"),
    ]
