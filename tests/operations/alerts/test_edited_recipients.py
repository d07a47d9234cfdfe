"""Recipients that are edited or go away while an alert fires: channels, members, contacts."""

import pytest

from app.operations.alerts import snoozes
from tests.alerting import (
    latest_alert,
    make_alert,
    make_channel,
    make_notification,
    make_policy,
    make_window,
    policy_of,
    stored_messages,
    timeline_texts,
)
from tests.factories import make_member, make_service

SMTP = "smtp://127.0.0.1:25"


def owner(person):
    return f"user:{person.user_id}:owner"


def switch_off(person, channel):
    path = f"/notification-channels/{channel['id']}"
    assert person.patch(path, {"is_enabled": False}).status_code == 200


def delete(person, channel):
    answer = person.delete(f"/notification-channels/{channel['id']}")
    assert answer.status_code == 204, answer.text


GOES = {"switched off": switch_off, "deleted": delete}


@pytest.mark.parametrize(("go", "how"), [(go, how) for how, go in GOES.items()], ids=GOES)
def test_what_a_channel_takes_with_it_goes_to_the_owners(alice, rows, fail, configure, go, how):
    configure(smtp_url=SMTP)
    channel = make_channel(alice)
    fail()
    go(alice, channel)
    alert = latest_alert(alice)
    assert timeline_texts(alert, "undelivered") == [f"Ops was {how} before it was told"]
    assert timeline_texts(alert, "untold")[0].endswith("; the owners are told by mail")
    assert stored_messages(rows) == [
        ("alert.fired", f"channel:{channel['id']}", "cancelled"),
        ("alert.fired", owner(alice), "pending"),
    ]


@pytest.mark.parametrize("go", GOES.values(), ids=GOES)
def test_its_fallback_comes_before_the_owners(alice, rows, fail, configure, go):
    configure(smtp_url=SMTP)
    last = make_channel(alice, name="Last", events=["maintenance.started"])
    channel = make_channel(alice, fallback_channel_id=last["id"])
    fail()
    go(alice, channel)
    assert stored_messages(rows)[1:] == [("alert.fired", f"channel:{last['id']}", "pending")]


@pytest.mark.parametrize("go", GOES.values(), ids=GOES)
def test_nobody_else_is_told_where_somebody_has_heard(alice, rows, fail, configure, go):
    configure(smtp_url=SMTP)
    other = make_channel(alice, name="Other")
    channel = make_channel(alice)
    fail()
    rows(
        "UPDATE notifications SET status = 'sent' WHERE recipient_key = %s",
        f"channel:{other['id']}",
    )
    go(alice, channel)
    assert sorted(status for _, _, status in stored_messages(rows)) == ["cancelled", "sent"]


def test_nobody_else_is_told_where_a_level_is_to_come(alice, rows, fail, configure):
    configure(smtp_url=SMTP)
    line = {"level": 1, "delay_minutes": 5, "notify_type": "user", "notify_id": str(alice.user_id)}
    make_policy(alice, rules=[line], is_default=True)
    channel = make_channel(alice)
    fail()
    switch_off(alice, channel)
    assert [status for _, _, status in stored_messages(rows)] == ["cancelled"]


def test_each_alert_of_a_digest_is_told_elsewhere(alice, rows, connection, configure):
    configure(smtp_url=SMTP)
    channel = make_channel(alice)
    ids = [make_alert(connection, make_service(alice, name=name)) for name in ("Shop", "Search")]
    digest = {"event": "digest", "alerts": [{"id": str(id)} for id in ids]}
    for id, status, message in zip(ids, ("pending", "digested"), (digest, {}), strict=True):
        make_notification(
            connection,
            alice.organization_id,
            alert_id=id,
            channel_id=channel["id"],
            subject_key=f"alert:{id}",
            recipient_key=f"channel:{channel['id']}",
            status=status,
            message=message,
        )
    switch_off(alice, channel)
    told = rows("SELECT alert_id FROM notifications WHERE recipient_key = %s", owner(alice))
    assert {id for (id,) in told} == set(ids)


def test_what_a_deleted_channel_was_told_stays_on_record(alice, rows, fail):
    channel = make_channel(alice)
    alert = fail()
    rows("UPDATE notifications SET status = 'sent', attempts = 1")
    delete(alice, channel)
    assert latest_alert(alice)["told"] == "sent"
    (message,) = alice.get(f"/alerts/{alert['id']}/notifications").json
    assert (message["status"], message["channel_id"]) == ("sent", None)
    assert (message["channel_name"], message["channel_type"]) == ("Ops", "slack")
    rows("UPDATE notifications SET status = 'dead'")
    answer = alice.post(f"/notifications/{message['id']}/retry")
    assert (answer.status_code, answer.json["error"]) == (409, "its channel was deleted")
    rows("UPDATE notifications SET status = 'sent'")
    alice.post(f"/alerts/{alert['id']}/resolve", {})
    assert [kind for kind, _, _ in stored_messages(rows)] == ["alert.fired"]


def test_what_waits_for_somebody_who_leaves_goes_to_the_owners(app, alice, rows, fail, configure):
    configure(smtp_url=SMTP)
    bob = make_member(app, alice, "Bob", "responder")
    policy = policy_of(alice, "user", bob.user_id, is_default=True)
    fail()
    assert [status for _, _, status in stored_messages(rows)] == ["pending"]
    line = {"level": 1, "delay_minutes": 0, "notify_type": "user", "notify_id": str(alice.user_id)}
    alice.patch(f"/escalation-policies/{policy['id']}", {"rules": [line]})
    assert alice.delete(f"/members/{bob.user_id}").status_code == 204
    assert stored_messages(rows)[1:] == [("alert.fired", owner(alice), "pending")]
    alert = latest_alert(alice)
    assert timeline_texts(alert, "undelivered") == [
        "Bob left the organization before they were told"
    ]
    assert timeline_texts(alert, "untold") == [
        "nobody was told, because Bob is no member any more; the owners are told by mail"
    ]


LISTENS = {
    "switched on": ({"is_enabled": False}, {"is_enabled": True}),
    "severities": ({"min_severity": "critical"}, {"min_severity": "info"}),
    "events": ({"events": ["maintenance.started"]}, {"events": ["alert.fired"]}),
}


@pytest.mark.parametrize(("before", "after"), LISTENS.values(), ids=LISTENS)
def test_a_channel_that_listens_to_more_hears_of_what_fires(alice, rows, fail, before, after):
    channel = make_channel(alice, **before)
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "warning"})
    fail()
    assert stored_messages(rows) == []
    path = f"/notification-channels/{channel['id']}"
    for _ in range(2):
        assert alice.patch(path, after).status_code == 200
        assert stored_messages(rows) == [("alert.fired", f"channel:{channel['id']}", "pending")]
    assert latest_alert(alice)["told_reason"] is None


def test_a_channel_that_no_rule_names_hears_nothing_by_an_edit(alice, rows, fail):
    named, other = make_channel(alice), make_channel(alice, name="Other", is_enabled=False)
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"notification_channel_ids": [named["id"]]})
    fail()
    alice.patch(f"/notification-channels/{other['id']}", {"is_enabled": True})
    assert [key for _, key, _ in stored_messages(rows)] == [f"channel:{named['id']}"]


@pytest.mark.parametrize("muted", [False, True])
def test_what_somebody_was_on_who_leaves_fires_again(app, alice, rows, fail, muted):
    make_channel(alice)
    bob = make_member(app, alice, "Bob", "responder")
    alert = fail()
    rows("UPDATE notifications SET status = 'sent', attempts = 1")
    assert bob.post(f"/alerts/{alert['id']}/acknowledge", {}).status_code == 200
    if muted:
        make_window(alice)
    assert alice.delete(f"/members/{bob.user_id}").status_code == 204
    found = latest_alert(alice)
    assert (found["status"], found["acknowledged_by"]) == ("firing", None)
    assert timeline_texts(found, "unacknowledged") == ["Bob, who was on it, is no member any more"]
    kinds = [kind for kind, _, _ in stored_messages(rows)]
    assert kinds == ["alert.fired", "alert.acknowledged", *([] if muted else ["alert.reminder"])]
    assert snoozes.end_due() == 0


def test_the_levels_go_on_that_somebody_stopped_who_leaves(app, alice, rows, fail):
    line = {"level": 1, "notify_type": "user", "notify_id": str(alice.user_id)}
    make_policy(alice, rules=[line | {"delay_minutes": 10}], is_default=True)
    bob = make_member(app, alice, "Bob", "editor")
    alert = fail()
    levels = "SELECT status, due_at, done_at IS NULL FROM escalation_levels"
    before = rows(levels)
    assert bob.post(f"/alerts/{alert['id']}/acknowledge").status_code == 200
    assert [status for status, *_ in rows(levels)] == ["cancelled"]
    assert alice.delete(f"/members/{bob.user_id}").status_code == 204
    assert rows(levels) == before


def test_a_successor_hears_no_end_alone(app, alice, rows, fail):
    bob = make_member(app, alice, "Bob", "responder")
    policy_of(alice, "user", bob.user_id, is_default=True)
    heard_of = fail(name="Shop")
    rows("UPDATE notifications SET status = 'sent', attempts = 1")
    alice.post(f"/alerts/{heard_of['id']}/resolve", {})
    unheard_of = fail(name="Search")
    alice.post(f"/alerts/{unheard_of['id']}/resolve", {})
    query = f"?replace_with={alice.user_id}"
    assert alice.delete(f"/members/{bob.user_id}{query}").status_code == 204
    to_alice = rows(
        "SELECT kind, alert_id::text FROM notifications WHERE recipient_key LIKE %s",
        f"user:{alice.user_id}:%",
    )
    assert to_alice == [("alert.resolved", unheard_of["id"])], "combined with the beginning"


def test_a_contact_told_before_an_upgrade_hears_the_end_once(alice, rows, fail, delayed):
    alert = fail()
    rows("UPDATE notifications SET status = 'sent', attempts = 1")
    (first,) = [key for key, name in delayed.items() if name == "first"]
    rows(
        "INSERT INTO notifications (id, organization_id, alert_id, contact, subject_key,"
        " recipient_key, kind, severity, message, status, step, attempts, created_at, next_try_at)"
        " SELECT gen_random_uuid(), organization_id, alert_id, contact, subject_key,"
        " %s, 'alert.escalated', severity, message, 'sent', 2, 1, now(), now()"
        " FROM notifications WHERE recipient_key = %s",
        f"user:{alice.user_id}:0",  # named by its place
        first,
    )
    assert alice.post(f"/alerts/{alert['id']}/resolve", {}).status_code == 200
    ends = rows("SELECT contact FROM notifications WHERE kind = 'alert.resolved'")
    assert len(ends) == len({str(contact) for (contact,) in ends}) == len(delayed)
