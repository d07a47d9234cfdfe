"""The outbox: several transactions at it, messages that nobody takes, secrets nobody can read."""

from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from app.operations.checks import claim as checks_claim
from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import enqueue, system_mail
from app.operations.notifications import results as delivery_results
from app.operations.notifications.claim import DeliveryOutcome
from app.platform.clock import utcnow
from app.platform.transaction import transaction
from tests.alerting import make_alert, make_channel, make_notification, make_pending
from tests.factories import make_service


def test_an_outcome_is_recorded_while_news_is_planned(app, alice, connection):
    # Who stores checks refers to the channel by a new message, then locks what is already told of
    # the alert; who records an outcome locks that message, then the channel. Never in a circle.
    channel = make_channel(alice)
    alert_id = make_pending(alice, connection, channel, next_try_at=utcnow() - timedelta(seconds=1))
    with app.app_context():
        (send,) = outbox_claim.claim(10)
    with app.app_context(), transaction() as planning:
        enqueue.messages(
            planning,
            organization_id=alice.organization_id,
            alert_id=alert_id,
            subject_key=f"alert:{alert_id}",
            kind="alert.resolved",
            severity="critical",
            message={},
            recipients=[enqueue.Recipient(f"channel:{channel['id']}", channel_id=channel["id"])],
            now=utcnow(),
        )
        with app.app_context():
            delivery_results.record(
                send, DeliveryOutcome(ok=False, permanent=True, error="HTTP 400")
            )
        for row in enqueue.active(planning, alert_id):
            if enqueue.is_untouched(planning, row):
                row.status = "cancelled"
    rows = connection.execute(
        "SELECT kind, status FROM notifications WHERE alert_id = %s ORDER BY created_at",
        (alert_id,),
    ).fetchall()
    assert rows == [("alert.fired", "dead"), ("alert.resolved", "cancelled")]


REFUSED = DeliveryOutcome(ok=False, permanent=True, error="refused", status_code=550)


@pytest.fixture
def deliver(app, rows):
    """Try everything that waits, with the same outcome; return what was tried."""

    def deliver(outcome):
        with app.app_context():
            sends = outbox_claim.claim(100)
            for send in sends:
                delivery_results.record(send, outcome)
        return sends

    return deliver


@pytest.fixture
def mail_server(configure):
    configure(smtp_url="smtp://127.0.0.1:25")


def a_firing_message(connection, person, channel_id=None, **changes):
    alert_id = make_alert(connection, make_service(person))
    make_notification(
        connection,
        person.organization_id,
        alert_id=alert_id,
        channel_id=channel_id,
        subject_key=f"alert:{alert_id}",
        status="pending",
        attempts=0,
        **{"recipient_key": f"channel:{channel_id}", **changes},
    )
    return alert_id


@pytest.mark.usefixtures("mail_server")
@pytest.mark.parametrize("recipient", ["a mail channel", "a person's contact"])
def test_owners_hear_of_a_mail_that_was_refused(alice, connection, rows, deliver, recipient):
    if recipient == "a mail channel":
        config = {"to": ["gone@example.com"]}
        channel = make_channel(alice, name="Team", type="email", config=config)
        alert_id = a_firing_message(connection, alice, channel["id"])
    else:
        contact = {"type": "email", "config": {"to": ["gone@example.com"]}}
        key = f"user:{alice.user_id}:0"
        alert_id = a_firing_message(connection, alice, recipient_key=key, contact=contact)
    assert len(deliver(REFUSED)) == 1
    (send,) = deliver(REFUSED)
    assert (send.channel_type, send.config) == ("email", {"to": [alice.email]})
    name = "Team" if recipient == "a mail channel" else "Alice (email)"
    assert send.message["note"] == f"{name} could not be reached: refused"
    assert deliver(REFUSED) == [], "there it ends"
    timeline = rows("SELECT text FROM alert_events WHERE alert_id = %s ORDER BY id", alert_id)
    assert [text.rpartition("; ")[2] for (text,) in timeline[1:]] == [
        "the message went elsewhere",
        "nobody else could be told",
    ]


@pytest.mark.usefixtures("mail_server")
def test_nobody_else_gets_a_mail_with_somebodys_link(alice, connection, rows, deliver):
    contact = {"type": "email", "config": {"to": ["gone@example.com"]}}
    a_firing_message(
        connection, alice, recipient_key="mail", contact=contact, kind=system_mail.KIND
    )
    assert len(deliver(REFUSED)) == 1
    assert rows("SELECT 1 FROM notifications WHERE status = 'pending'") == []


@pytest.mark.parametrize("sealed", ["v1:x:y", "AAAA", "", "v1:00000000:" + "A" * 80, 7, None])
def test_secrets_that_cannot_be_read_hold_up_nobody_else(
    app, alice, charlie, connection, rows, sealed
):
    channel = make_channel(alice)
    rows(
        "UPDATE notification_channels SET config = %s", Jsonb({"webhook_url": {"$sealed": sealed}})
    )
    a_firing_message(connection, alice, channel["id"])
    a_firing_message(connection, charlie, make_channel(charlie)["id"])
    with app.app_context():
        sends = {send.organization_id: send for send in outbox_claim.claim(100)}
    assert sends[charlie.organization_id].fault is None
    assert sends[charlie.organization_id].config["webhook_url"].startswith("https://")
    fault = sends[alice.organization_id].fault
    assert fault == "its stored secrets cannot be read; enter them again"


def test_a_named_secret_that_cannot_be_read_holds_up_no_check(app, alice, charlie, rows):
    for person in (alice, charlie):
        person.post("/secrets", {"name": "TOKEN", "value": "x"})
        make_service(person, config={"headers": {"X-Api-Key": "{{secrets.TOKEN}}"}})
    rows(
        'UPDATE secrets SET sealed_value = \'{"$sealed": "v1:x:y"}\' WHERE organization_id = %s',
        alice.organization_id,
    )
    with app.app_context():
        claims = checks_claim.claim("default", 10).claims
    faults = {claim.snapshot.organization_id: claim.snapshot.fault for claim in claims}
    assert "there is no secret called TOKEN" in str(faults[alice.organization_id])
    assert faults[charlie.organization_id] is None
