"""/notifications and /alerts/{id}/notify: what was told to whom, again, and to somebody else."""

from datetime import timedelta

import pytest

from app.operations.notifications import claim as outbox_claim
from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import make_alert, make_channel, make_dead_message, make_notification
from tests.factories import make_member, make_service


@pytest.fixture
def alert(alice, connection):
    return make_alert(connection, make_service(alice))


def message(connection, alice, **changes):
    columns = {"subject_key": "x", "recipient_key": "x", "status": "dead"} | changes
    return str(make_notification(connection, alice.organization_id, **columns))


def ids(person, query=""):
    answer = person.get(f"/notifications{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json]


def test_messages_are_listed_with_filters_newest_first(alice, charlie, connection, alert):
    channel = make_channel(alice)["id"]
    old = utcnow() - timedelta(days=1)
    first = message(connection, alice, alert_id=alert, step=1, created_at=old)
    second = message(connection, alice, channel_id=channel, step=2, kind="ssl.expiring")
    third = message(
        connection, alice, recipient_key=f"user:{alice.user_id}:0", step=3, status="sent"
    )
    message(connection, alice, kind="system", step=4)
    message(connection, charlie, step=5)
    assert ids(alice) == [third, second, first]
    assert ids(alice, f"?alert_id={alert}") == [first]
    assert ids(alice, f"?channel_id={channel}") == [second]
    assert ids(alice, "?kind=ssl.expiring") == [second]
    assert ids(alice, f"?user_id={alice.user_id}") == [third]
    assert ids(alice, "?status=sent") == [third]
    assert ids(alice, f"?to={timestamp(old + timedelta(hours=1))}") == [first]
    page = alice.get("/notifications?limit=2")
    assert 'rel="next"' in page.headers["Link"]


def test_a_message_that_was_given_up_is_tried_again(app, alice, rows):
    id = make_dead_message(alice)
    rows("UPDATE notification_channels SET paused_until = now() + interval '1 hour'")
    again = alice.post(f"/notifications/{id}/retry")
    assert again.status_code == 202
    assert (again.json["id"], again.json["status"]) == (str(id), "pending")
    with app.app_context():
        (send,) = outbox_claim.claim(10)
    assert (send.id, send.attempt) == (id, 2)


def test_one_that_waits_for_its_next_try_is_tried_at_once(app, alice, rows):
    id = make_dead_message(alice)
    rows("UPDATE notifications SET status = 'pending', next_try_at = now() + interval '1 hour'")
    assert alice.post(f"/notifications/{id}/retry").status_code == 202
    with app.app_context():
        assert len(outbox_claim.claim(10)) == 1
    refused = alice.post(f"/notifications/{id}/retry")
    assert (refused.status_code, "at this moment" in refused.json["error"]) == (409, True)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("UPDATE notifications SET status = 'sent'", "was delivered"),
        ("UPDATE notifications SET status = 'digested'", "part of a digest"),
        ("UPDATE notifications SET status = 'cancelled'", "withdrawn"),
        ("UPDATE alerts SET status = 'resolved'", "the alert is over"),
        ("UPDATE notification_channels SET is_enabled = false", "switched off"),
    ],
)
def test_what_cannot_be_tried_again_says_why(alice, rows, edit, said):
    id = make_dead_message(alice)
    rows(edit)
    refused = alice.post(f"/notifications/{id}/retry")
    assert refused.status_code == 409
    assert said in refused.json["error"]


def test_an_end_may_be_tried_again_after_the_end(alice, rows):
    id = make_dead_message(alice)
    rows("UPDATE alerts SET status = 'resolved'")
    rows("UPDATE notifications SET kind = 'alert.resolved'")
    assert alice.post(f"/notifications/{id}/retry").status_code == 202


def test_mails_of_the_system_are_nobodys_to_send(alice, connection):
    id = message(connection, alice, kind="system")
    assert alice.post(f"/notifications/{id}/retry").status_code == 404


def test_viewers_read_and_responders_act(app, alice, alert):
    id = make_dead_message(alice)
    viewer, responder = (make_member(app, alice, role, role) for role in ("viewer", "responder"))
    body = {"user_id": str(alice.user_id)}
    assert viewer.get("/notifications").status_code == 200
    for path, given in ((f"/notifications/{id}/retry", None), (f"/alerts/{alert}/notify", body)):
        assert viewer.post(path, given).status_code == 403
        assert responder.post(path, given).status_code == 202


# --- telling somebody now ---


def test_a_channel_is_told_now_whatever_it_takes(app, alice, rows, alert):
    quiet = {"timezone": "UTC", "from": "00:00", "to": "23:59", "min_severity": "critical"}
    channel = make_channel(alice, min_severity="critical", quiet_hours=quiet)
    rows("UPDATE alerts SET severity = 'info', untold_reason = 'x'")
    alice.post(f"/alerts/{alert}/snooze", {"minutes": 60})
    told = alice.post(f"/alerts/{alert}/notify", {"channel_id": channel["id"]})
    assert told.status_code == 202
    assert told.json["timeline"][-1]["kind"] == "notified"
    assert told.json["timeline"][-1]["text"] == "Ops"
    assert (told.json["told"], told.json["told_reason"]) == ("pending", None)
    with app.app_context():
        (send,) = outbox_claim.claim(10)
    assert (send.kind, send.message["event"]) == ("alert.notified", "alert.fired")


def test_asking_for_a_message_twice_sends_two(alice, alert):
    channel = make_channel(alice)["id"]
    for number in (1, 2):
        alice.post(f"/alerts/{alert}/notify", {"channel_id": channel})
        assert len(ids(alice, "?kind=alert.notified&status=pending")) in (1, number)


def test_a_member_is_told_by_all_contacts_without_delay(app, alice, rows, alert):
    methods = [
        {
            "type": "webhook",
            "config": {"url": f"https://hooks.example.com/{delay}"},
            "delay_minutes": delay,
        }
        for delay in (0, 30)
    ]
    assert alice.put("/profile", {"contact_methods": methods}).status_code == 200
    assert alice.post(f"/alerts/{alert}/notify", {"user_id": str(alice.user_id)}).status_code == 202
    with app.app_context():
        assert len(outbox_claim.claim(10)) == 2
    assert rows("SELECT count(*) FROM notifications") == [(2,)]


def test_what_was_to_be_told_later_is_told_now(app, alice, connection, rows, alert):
    channel = make_channel(alice)["id"]
    message(
        connection,
        alice,
        alert_id=alert,
        channel_id=channel,
        status="pending",
        attempts=0,
        subject_key=f"alert:{alert}",
        recipient_key=f"channel:{channel}",
        next_try_at=utcnow() + timedelta(hours=8),
    )
    assert alice.post(f"/alerts/{alert}/notify", {"channel_id": channel}).status_code == 202
    with app.app_context():
        assert len(outbox_claim.claim(10)) == 1
    assert rows("SELECT count(*) FROM notifications") == [(1,)]


def test_whoever_was_told_by_hand_hears_the_end(alice, rows, alert):
    channel = make_channel(alice)["id"]
    alice.post(f"/alerts/{alert}/notify", {"channel_id": channel})
    rows("UPDATE notifications SET status = 'sent', attempts = 1")
    alice.post(f"/alerts/{alert}/resolve", {})
    assert len(ids(alice, "?kind=alert.resolved")) == 1


def test_whom_nobody_can_tell_is_refused(app, alice, charlie, rows, alert):
    path = f"/alerts/{alert}/notify"
    off = make_channel(alice, is_enabled=False)["id"]
    refusals = [
        ({}, 422),
        ({"channel_id": off, "user_id": str(alice.user_id)}, 422),
        ({"channel_id": make_channel(charlie)["id"]}, 422),
        ({"user_id": str(charlie.user_id)}, 422),
        ({"channel_id": off}, 409),
    ]
    for body, status in refusals:
        assert alice.post(path, body).status_code == status, body
    rows("UPDATE alerts SET status = 'resolved'")
    assert alice.post(path, {"user_id": str(alice.user_id)}).status_code == 409
