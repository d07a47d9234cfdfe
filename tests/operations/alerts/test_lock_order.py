"""Edits, deletions, planners and senders that meet: they wait for one another, never in a circle.

Each test holds a worker at one of its locks. What PostgreSQL would end as a deadlock is a 503, or
an error of the worker.
"""

from uuid import UUID, uuid4

from app.operations.notifications import claim, results
from app.operations.notifications.claim import DeliveryOutcome
from app.operations.status_pages import subscriptions
from tests.alerting import (
    insert,
    make_alert,
    make_channel,
    make_notification,
    make_page,
    make_policy,
    make_subscriber,
    stored_messages,
)
from tests.factories import make_service
from tests.heartbeats import make_heartbeat

_LOCK_ALERT = "SELECT FROM alerts WHERE id = %s FOR NO KEY UPDATE"
_LOCK_MESSAGES = "SELECT FROM notifications WHERE alert_id = %s FOR NO KEY UPDATE"
_NAME_CHANNEL = "SELECT FROM notification_channels WHERE id = %s FOR KEY SHARE"
SENT = DeliveryOutcome(ok=True)


def statuses(answers):
    return [answer and answer.status_code for answer in answers]


def test_an_edit_a_planner_and_a_sender_wait_in_no_circle(context, alice, rows, fail, meet):
    channel = make_channel(alice)
    alert = fail()
    (send,) = claim.claim(1)
    path = f"/notification-channels/{channel['id']}"
    with meet() as meeting:
        meeting.take(_LOCK_ALERT, (alert["id"],))
        meeting.comes(alice.patch, path, {"is_enabled": False})
        meeting.comes(results.record, send, SENT)
        meeting.take(_LOCK_MESSAGES, (alert["id"],))
        meeting.take(_NAME_CHANNEL, (channel["id"],))
        assert statuses(meeting.ends()) == [200, None]
    assert [status for *_, status in stored_messages(rows)] == ["sent"]


def test_a_deletion_waits_for_who_tells_the_channel_of_an_end(context, alice, rows, fail, meet):
    channel = make_channel(alice)
    alert = fail()
    (send,) = claim.claim(1)
    results.record(send, SENT)
    with meet() as meeting:
        meeting.take(_LOCK_ALERT, (alert["id"],))
        meeting.take(_LOCK_MESSAGES, (alert["id"],))
        meeting.comes(alice.delete, f"/notification-channels/{channel['id']}")
        meeting.take(_NAME_CHANNEL, (channel["id"],))
        assert statuses(meeting.ends()) == [204]


def test_a_deletion_and_a_heartbeat_that_names_the_channel(alice, rows, connection, meet):
    channel = make_channel(alice)
    heartbeat = make_heartbeat(alice)
    alert = make_alert(
        connection,
        {"organization_id": alice.organization_id, "id": None, "name": "Nightly backup"},
        heartbeat_id=heartbeat["id"],
    )
    make_notification(
        connection,
        alice.organization_id,
        alert_id=alert,
        channel_id=channel["id"],
        subject_key=f"alert:{alert}",
        recipient_key=f"channel:{channel['id']}",
        status="pending",
        attempts=0,
    )
    with meet() as meeting:
        meeting.take(_LOCK_ALERT, (alert,))
        meeting.comes(alice.delete, f"/notification-channels/{channel['id']}")
        edit = {"notification_channel_ids": [channel["id"]]}
        meeting.comes(alice.patch, f"/heartbeats/{heartbeat['id']}", edit)
        assert statuses(meeting.ends()) == [204, 422]


def make_mail(connection, person, organization_id, alert):
    """Make a mail about an alert to a person, not sent yet."""
    make_notification(
        connection,
        organization_id,
        alert_id=alert,
        subject_key=f"alert:{alert}",
        recipient_key=f"user:{person.user_id}:0",
        contact={"type": "email", "config": {"to": [person.email]}},
        status="pending",
        attempts=0,
    )


def test_a_member_leaves_while_a_worker_resolves_their_alerts(alice, bob, connection, meet):
    service = make_service(alice)
    low, high = sorted([uuid4(), uuid4()])
    make_alert(connection, service, id=low, status="acknowledged", acknowledged_by=bob.email)
    make_alert(connection, service, id=high, alert_rule_id=None)
    make_mail(connection, bob, alice.organization_id, high)
    with meet() as meeting:
        meeting.take(_LOCK_ALERT, (low,))
        meeting.comes(alice.delete, f"/members/{bob.user_id}")
        meeting.take(_LOCK_ALERT, (high,))
        assert statuses(meeting.ends()) == [204]


def test_a_successor_takes_over_levels_that_a_worker_cancels(alice, bob, connection, meet):
    alert = make_alert(connection, make_service(alice))
    level = insert(
        connection,
        "escalation_levels",
        id=uuid4(),
        alert_id=alert,
        round=0,
        position=0,
        level=1,
        notify_type="user",
        notify_id=bob.user_id,
        due_at="2126-03-02T14:00:00Z",
        status="pending",
    )
    make_mail(connection, bob, alice.organization_id, alert)
    with meet() as meeting:
        meeting.take(_LOCK_ALERT, (alert,))
        meeting.comes(alice.delete, f"/members/{bob.user_id}?replace_with={alice.user_id}")
        meeting.take("UPDATE escalation_levels SET status = 'cancelled' WHERE id = %s", (level,))
        assert statuses(meeting.ends()) == [204]


def test_a_service_is_deleted_while_a_worker_hides_more_behind_it(alice, rows, connection, meet):
    root_service, child_service = make_service(alice), make_service(alice, name="Child")
    low, high = sorted([uuid4(), uuid4()])
    make_alert(connection, root_service, id=high)
    make_alert(connection, child_service, id=low, suppressed_by=high)
    with meet() as meeting:
        meeting.take(_LOCK_ALERT, (low,))
        meeting.comes(alice.delete, f"/services/{root_service['id']}")
        meeting.take("SELECT FROM alerts WHERE id = %s FOR KEY SHARE", (high,))
        assert statuses(meeting.ends()) == [204]
    assert rows("SELECT suppressed_by FROM alerts WHERE id = %s", low) == [(None,)]


def test_a_service_is_deleted_while_a_sender_writes_into_the_timeline(alice, rows, fail, meet):
    make_channel(alice)
    alert = fail()
    with meet() as meeting:
        meeting.take(_LOCK_MESSAGES, (alert["id"],))
        meeting.comes(alice.delete, f"/services/{alert['service_id']}")
        meeting.take("SELECT FROM alerts WHERE id = %s FOR KEY SHARE", (alert["id"],))
        assert statuses(meeting.ends()) == [204]


def test_a_subscriber_leaves_while_a_message_to_them_is_recorded(context, alice, rows, meet):
    page = make_page(alice)
    subscriber = UUID(make_subscriber(alice, page)["id"])
    answer = alice.post(f"/status-pages/{page['id']}/incidents", {"title": "Down", "body": "Yes."})
    assert answer.status_code == 201, answer.text
    (send,) = claim.claim(1)
    with meet() as meeting:
        meeting.take("SELECT FROM page_subscribers WHERE id = %s FOR UPDATE", (subscriber,))
        meeting.comes(subscriptions.end, subscriber)
        meeting.comes(results.record, send, SENT)
        meeting.ends()
    assert rows("SELECT count(*) FROM page_subscribers") == [(0,)]
    assert stored_messages(rows) == []


def test_messages_do_not_wait_for_a_channel_that_is_in_other_hands(
    context, alice, rows, fail, meet
):
    channel = make_channel(alice)
    fail()
    rows("UPDATE notification_channels SET consecutive_failures = 10")
    with meet() as meeting:
        meeting.take(
            "SELECT FROM notification_channels WHERE id = %s FOR NO KEY UPDATE", (channel["id"],)
        )
        assert claim.claim(1) == []
    assert rows("SELECT status, attempts, lease_until FROM notifications") == [("pending", 0, None)]
    assert len(claim.claim(1)) == 1


def test_a_heartbeat_is_deleted_while_a_sweep_handles_it(alice, connection, meet):
    heartbeat = make_heartbeat(alice)
    alert = make_alert(
        connection,
        {"organization_id": alice.organization_id, "id": None, "name": "Nightly backup"},
        heartbeat_id=heartbeat["id"],
    )
    with meet() as meeting:
        meeting.take("SELECT FROM heartbeats WHERE id = %s FOR KEY SHARE", (heartbeat["id"],))
        meeting.comes(alice.delete, f"/heartbeats/{heartbeat['id']}")
        meeting.take(_LOCK_ALERT, (alert,))
        assert statuses(meeting.ends()) == [204]


def test_a_default_policy_is_deleted_while_a_worker_begins_and_ends_escalations(
    alice, rows, fail, meet
):
    policy = make_policy(alice, is_default=True)
    alert = fail()
    with meet() as meeting:
        meeting.take(_LOCK_ALERT, (alert["id"],))
        meeting.take("UPDATE escalation_levels SET status = 'cancelled'")
        meeting.comes(alice.delete, f"/escalation-policies/{policy['id']}")
        meeting.take("SELECT FROM escalation_policies WHERE id = %s FOR KEY SHARE", (policy["id"],))
        assert statuses(meeting.ends()) == [204]
    assert rows("SELECT policy_id FROM escalation_levels") == [(None,)]
