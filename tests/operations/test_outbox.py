"""The outbox while several transactions are at it."""

from datetime import timedelta

from app.clock import utcnow
from app.operations import outbox, outbox_plan, outbox_results
from app.operations.outbox import Outcome
from app.transaction import transaction
from tests.alerting import make_alert, make_channel, make_notification
from tests.factories import make_service


def test_an_outcome_is_recorded_while_news_is_planned(app, alice, connection):
    # Who stores checks refers to the channel by a new message, then locks what is already told of
    # the alert; who records an outcome locks that message, then the channel. Never in a circle.
    channel = make_channel(alice)
    alert_id = make_alert(connection, make_service(alice))
    make_notification(
        connection,
        alice.organization_id,
        alert_id=alert_id,
        channel_id=channel["id"],
        subject_key=f"alert:{alert_id}",
        recipient_key=f"channel:{channel['id']}",
        status="pending",
        attempts=0,
        next_try_at=utcnow() - timedelta(seconds=1),
    )
    with app.app_context():
        (send,) = outbox.claim(10)
    with app.app_context(), transaction() as planning:
        outbox_plan.add(
            planning,
            organization_id=alice.organization_id,
            alert_id=alert_id,
            subject_key=f"alert:{alert_id}",
            kind="alert.resolved",
            severity="critical",
            message={},
            recipients=[
                outbox_plan.Recipient(f"channel:{channel['id']}", channel_id=channel["id"])
            ],
            now=utcnow(),
        )
        with app.app_context():
            outbox_results.record(send, Outcome(ok=False, permanent=True, error="HTTP 400"))
        outbox_plan.cancel_unsent(planning, alert_id)
    rows = connection.execute(
        "SELECT kind, status FROM notifications WHERE alert_id = %s ORDER BY created_at",
        (alert_id,),
    ).fetchall()
    assert rows == [("alert.fired", "dead"), ("alert.resolved", "cancelled")]
