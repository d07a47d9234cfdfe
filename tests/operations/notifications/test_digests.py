"""Digests of a storm whose receiver does not take them at once."""

import pytest

from app.operations.alerts import lifecycle
from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import results as delivery_results
from app.operations.notifications.claim import DeliveryOutcome
from tests.alerting import make_channel
from tests.event_messages import check, let_pass
from tests.factories import make_service

MANY = 13
REFUSED = DeliveryOutcome(ok=False, error="HTTP 500", status_code=500)


@pytest.fixture(autouse=True)
def no_limits(configure):
    """More services than the free plan has."""
    configure(plan_limits=False)


@pytest.fixture
def deliver(app, rows):
    """Try everything that waits, with the same outcome; return what was tried, oldest first."""

    def deliver(outcome):
        let_pass(rows, 2)  # what the first of a storm waits for company
        rows("UPDATE notifications SET next_try_at = now() - interval '1 second'")
        rows("UPDATE notification_channels SET consecutive_failures = 0, paused_until = NULL")
        with app.app_context():
            sends = outbox_claim.claim(100)
            for send in sends:
                delivery_results.record(send, outcome)
        return sends

    return deliver


@pytest.fixture
def channel(alice):
    return make_channel(alice)


@pytest.fixture
def storm(app, alice, rows, channel):
    """Many services that fail at once."""
    services = [make_service(alice, name=f"Shop {number}") for number in range(MANY)]
    check(app, rows, "RED")
    return services


def named(send):
    return {row["service_name"] for row in send.message["alerts"]}


def resolve(app, alice, alert_id):
    with app.app_context():
        lifecycle.resolve(alice.organization_id, alert_id, actor="Alice")


def test_a_digest_outlives_the_alert_under_whose_name_it_goes_out(app, alice, storm, deliver):
    (digest,) = deliver(REFUSED)
    assert len(named(digest)) == MANY
    resolve(app, alice, digest.alert_id)
    (again,) = deliver(DeliveryOutcome(ok=True))
    assert (again.id, named(again)) == (digest.id, named(digest))
    (resolved,) = deliver(DeliveryOutcome(ok=True))
    assert (resolved.kind, resolved.alert_id) == ("alert.resolved", digest.alert_id)


def test_a_digest_is_not_folded_into_the_next_one(app, alice, rows, storm, deliver):
    (digest,) = deliver(REFUSED)
    for number in (1, 2):
        late = make_service(alice, name=f"Late {number}")
        check(app, rows, "RED", only=late["id"])
    (again,) = deliver(DeliveryOutcome(ok=True))
    assert (again.id, named(again)) == (digest.id, named(digest))
    let_pass(rows, 60)
    (next_one,) = deliver(DeliveryOutcome(ok=True))
    assert named(next_one) == {"Late 1", "Late 2"}


def test_a_storm_that_trickles_in_is_told_once_a_minute(app, alice, rows, storm, deliver):
    deliver(DeliveryOutcome(ok=True))
    for number in range(3):
        make_service(alice, name=f"Late {number}")
        check(app, rows, "RED")
        assert deliver(DeliveryOutcome(ok=True)) == []
    let_pass(rows, 60)
    (digest,) = deliver(DeliveryOutcome(ok=True))
    assert named(digest) == {"Late 0", "Late 1", "Late 2"}


@pytest.mark.parametrize("outcome", [DeliveryOutcome(ok=True), None])
def test_what_went_out_just_before_the_storm_keeps_nothing_waiting(
    app, alice, rows, channel, deliver, outcome
):
    first = [make_service(alice, name=f"First {number}") for number in range(10)]
    check(app, rows, "RED")
    with app.app_context():
        for send in (sends := outbox_claim.claim(100)):
            if outcome is not None:  # else they are still being sent
                delivery_results.record(send, outcome)
    assert len(sends) == len(first)
    # More failed at the same moment, and their rule is evaluated a little later.
    rows("UPDATE notifications SET created_at = created_at + interval '1 second'")
    for number in range(3):
        make_service(alice, name=f"Late {number}")
    check(app, rows, "RED")
    rows("UPDATE alerts SET fired_at = (SELECT min(fired_at) FROM alerts)")
    (digest,) = deliver(DeliveryOutcome(ok=True))
    assert named(digest) == {"Late 0", "Late 1", "Late 2"}


def test_a_single_message_of_a_storm_is_what_it_lets_through_in_a_minute(
    app, alice, rows, storm, deliver
):
    deliver(DeliveryOutcome(ok=True))
    let_pass(rows, 60)
    make_service(alice, name="Alone")
    check(app, rows, "RED")
    (single,) = deliver(DeliveryOutcome(ok=True))
    assert single.message["alert"]["service_name"] == "Alone"
    let_pass(rows, 6)
    make_service(alice, name="Next")
    check(app, rows, "RED")
    assert deliver(DeliveryOutcome(ok=True)) == []
    let_pass(rows, 60)
    (single,) = deliver(DeliveryOutcome(ok=True))
    assert single.message["alert"]["service_name"] == "Next"


def test_a_digest_takes_more_than_one_claim_brings(app, storm, rows):
    let_pass(rows, 2)
    with app.app_context():
        (digest,) = outbox_claim.claim(2)
    assert len(named(digest)) == MANY


def test_a_recovery_waits_for_the_digest_that_told_of_the_outage(app, alice, rows, storm, deliver):
    (digest,) = deliver(REFUSED)
    (other,) = rows("SELECT id FROM alerts WHERE id <> %s LIMIT 1", digest.alert_id)[0]
    resolve(app, alice, other)
    assert [send.id for send in deliver(REFUSED)] == [digest.id]
    assert [send.id for send in deliver(DeliveryOutcome(ok=True))] == [digest.id]
    assert [send.kind for send in deliver(DeliveryOutcome(ok=True))] == ["alert.resolved"]


def test_a_digest_of_ends_tells_which_of_them_nobody_had_heard_of(app, alice, rows, storm, deliver):
    heard, unheard = (id for (id,) in rows("SELECT id FROM alerts ORDER BY id LIMIT 2"))
    rows(
        "UPDATE notifications SET status = 'sent', sent_at = now() - interval '2 minutes',"
        " attempts = 1 WHERE alert_id = %s",
        heard,
    )
    for alert_id in (heard, unheard):
        resolve(app, alice, alert_id)
    let_pass(rows, 2)
    sends = deliver(DeliveryOutcome(ok=True))
    (digest,) = [send for send in sends if send.kind == "alert.resolved"]
    told = {row["id"]: row.get("combined") for row in digest.message["alerts"]}
    assert told == {str(heard): None, str(unheard): True}


def test_a_snooze_does_not_silence_the_others_of_a_digest(app, alice, storm, deliver):
    (digest,) = deliver(REFUSED)
    with app.app_context():
        lifecycle.snooze(alice.organization_id, digest.alert_id, actor="Alice", minutes=60)
    assert [send.id for send in deliver(DeliveryOutcome(ok=True))] == [digest.id]


def test_a_digest_of_colours_that_is_tried_again_holds_up_nobody(app, alice, rows, deliver):
    make_channel(alice, events=["service.status_changed"])
    for number in range(MANY):
        make_service(alice, name=f"Shop {number}")
    check(app, rows, "GREEN")
    deliver(DeliveryOutcome(ok=True))
    rows("DELETE FROM notifications")
    check(app, rows, "RED")
    (digest,) = deliver(REFUSED)
    assert len(digest.message["changes"]) == MANY
    (again,) = deliver(DeliveryOutcome(ok=True))
    assert (again.id, again.message) == (digest.id, digest.message)


def test_owners_get_one_mail_of_a_storm_that_nobody_else_hears_of(
    app, alice, rows, configure, deliver
):
    configure(plan_limits=False, smtp_url="smtp://127.0.0.1:25")
    for number in range(MANY):
        make_service(alice, name=f"Shop {number}")
    check(app, rows, "RED")
    (digest,) = deliver(DeliveryOutcome(ok=True))
    assert digest.recipient_key.endswith(":owner")
    assert len(named(digest)) == MANY
    check(app, rows, "GREEN")
    (ended,) = deliver(DeliveryOutcome(ok=True))
    assert (ended.kind, len(named(ended))) == ("alert.resolved", MANY)
