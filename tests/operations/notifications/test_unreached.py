"""Messages that do not get through for a minute: others are told as well, once."""

import pytest

from app.operations.notifications import claim, results, unreached
from app.operations.notifications.claim import DeliveryOutcome
from app.platform.clock import utcnow
from tests.alerting import make_channel
from tests.factories import make_service
from tests.recording import check, observe

SMTP = "smtp://127.0.0.1:25"
DOWN = DeliveryOutcome(ok=False, error="connection refused")
REFUSED = DeliveryOutcome(ok=False, permanent=True, error="HTTP 404")


@pytest.fixture
def fail(context, alice):
    """Let a service fail; return the id of its alert."""

    def fail():
        check(make_service(alice), utcnow(), observe("R"))
        return alice.get("/alerts").json[0]["id"]

    return fail


@pytest.fixture
def send(context, rows):
    """Try every message that is due, each with the outcome of its channel, by its name."""

    def send(**outcomes):
        rows("UPDATE notifications SET next_try_at = now() WHERE status = 'pending'")
        names = dict(rows("SELECT id, name FROM notification_channels"))
        for one in claim.claim(100):
            results.record(one, outcomes.get(names.get(one.channel_id, ""), DOWN))

    return send


@pytest.fixture
def pass_on(rows):
    """Let half a minute go by, twice, and each time others be told of what does not get through.

    Return how many messages that were: nothing is passed on before its minute is over.
    """

    def pass_on():
        for expected in (False, True):
            for table, column in (
                ("notification_attempts", "started_at"),
                ("notifications", "next_try_at"),
            ):
                rows(f"UPDATE {table} SET {column} = {column} - interval '31 seconds'")
            found = unreached.pass_on()
            assert expected or not found
        return found

    return pass_on


def recipients(rows):
    return [key for (key,) in rows("SELECT recipient_key FROM notifications ORDER BY created_at")]


def undelivered(alice, alert_id):
    lines = alice.get(f"/alerts/{alert_id}").json["timeline"]
    return [line["text"] for line in lines if line["kind"] == "undelivered"]


def test_the_owners_hear_of_what_does_not_get_through(alice, rows, fail, send, pass_on, configure):
    configure(smtp_url=SMTP)
    channel = make_channel(alice, name="Ops")
    alert_id = fail()
    send()
    assert pass_on() == 1
    owner = f"user:{alice.user_id}:owner"
    assert recipients(rows) == [f"channel:{channel['id']}", owner]
    (line,) = undelivered(alice, alert_id)
    assert line.startswith("Ops has not been reached so far (connection refused)")
    alert = alice.get(f"/alerts/{alert_id}").json
    assert alert["told"] == "pending"
    assert "connection refused" in alert["told_reason"]
    assert unreached.pass_on() == 0, "once"
    rows("UPDATE notifications SET status = 'sent' WHERE recipient_key = %s", owner)
    assert alice.get(f"/alerts/{alert_id}").json["told_reason"] is None


def test_without_mail_the_alert_says_that_nobody_else_is_told(alice, fail, send, pass_on):
    make_channel(alice, name="Ops")
    alert_id = fail()
    send()
    assert pass_on() == 1
    assert undelivered(alice, alert_id)[0].endswith("nobody else was told")


def test_owners_sleep_while_somebody_knows(alice, rows, fail, send, pass_on, configure):
    configure(smtp_url=SMTP)
    make_channel(alice, name="Ops")
    make_channel(alice, name="Chat")
    fail()
    send(Chat=DeliveryOutcome(ok=True))
    assert pass_on() == 1
    assert len(recipients(rows)) == 2


def test_a_fallback_is_told_and_its_own_after_it(alice, rows, fail, send, pass_on):
    last = make_channel(alice, name="Last", is_enabled=False)
    middle = make_channel(alice, name="Middle", is_enabled=False, fallback_channel_id=last["id"])
    first = make_channel(alice, name="First", fallback_channel_id=middle["id"])
    fail()
    for _ in range(2):
        send()
        assert pass_on() == 1
    assert recipients(rows) == [f"channel:{one['id']}" for one in (first, middle, last)]


def test_channels_that_share_a_fallback_which_refuses_end_with_the_owners(
    alice, rows, fail, send, configure
):
    configure(smtp_url=SMTP)
    spare = make_channel(alice, name="Spare")
    make_channel(alice, name="First", fallback_channel_id=spare["id"])
    fail()
    send(Spare=REFUSED)
    rows("DELETE FROM notifications WHERE recipient_key LIKE 'user:%%'")
    send(First=REFUSED)
    assert recipients(rows)[-1] == f"user:{alice.user_id}:owner"


def test_what_waits_behind_a_channel_that_rests_is_passed_on(alice, rows, fail, pass_on):
    spare = make_channel(alice, name="Spare", is_enabled=False)
    make_channel(alice, name="Ops", fallback_channel_id=spare["id"])
    rows(
        "UPDATE notification_channels SET consecutive_failures = 5, last_error = 'HTTP 503',"
        " paused_until = now() + interval '10 minutes' WHERE name = 'Ops'"
    )
    alert_id = fail()
    assert pass_on() == 1
    assert recipients(rows)[1:] == [f"channel:{spare['id']}"]
    assert "HTTP 503" in undelivered(alice, alert_id)[0]


@pytest.mark.parametrize("answer", ["acknowledge", "snooze", "resolve"])
def test_what_somebody_has_answered_is_not_passed_on(
    alice, rows, fail, send, pass_on, configure, answer
):
    configure(smtp_url=SMTP)
    make_channel(alice)
    alert_id = fail()
    send()
    alice.post(f"/alerts/{alert_id}/{answer}", {"minutes": 30} if answer == "snooze" else {})
    assert pass_on() == 0


def test_what_was_sent_is_not_passed_on(alice, fail, send, pass_on):
    make_channel(alice, name="Ops")
    fail()
    send(Ops=DeliveryOutcome(ok=True))
    assert pass_on() == 0


def test_what_failed_as_its_channel_was_switched_off_waits_for_no_minute(
    alice, rows, fail, send, configure
):
    configure(smtp_url=SMTP)
    channel = make_channel(alice, name="Ops")
    fail()
    send()
    assert unreached.pass_on() == 0
    rows("UPDATE notification_channels SET is_enabled = false")  # the edit saw a locked message
    assert unreached.pass_on() == 1
    assert recipients(rows) == [f"channel:{channel['id']}", f"user:{alice.user_id}:owner"]
    assert unreached.pass_on() == 0


def test_a_fallback_that_is_switched_off_gets_its_minute(alice, rows, fail, send, configure):
    configure(smtp_url=SMTP)
    last = make_channel(alice, name="Last", is_enabled=False)
    make_channel(alice, name="Ops", fallback_channel_id=last["id"])
    fail()
    send(Ops=REFUSED)
    send()
    assert recipients(rows)[-1] == f"channel:{last['id']}"
    assert unreached.pass_on() == 0
