"""Workers that meet edits or other workers: they wait for one another, never in a circle."""

from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from app.operations.notifications import claim, results, unreached
from app.operations.notifications.claim import DeliveryOutcome
from tests.alerting import make_channel
from tests.factories import make_service
from tests.recording import GREEN

_LOCK_ALERT = "SELECT FROM alerts WHERE id = %s FOR NO KEY UPDATE"
_LOCK_ENTRY = "SELECT FROM schedule_entries WHERE service_id = %s FOR NO KEY UPDATE"


def test_a_batch_and_an_edit_of_its_services_wait_in_no_circle(
    context, alice, rows, meet, configure
):
    configure(plan_limits=False)
    low, *_, high = sorted(make_service(alice, name=name)["id"] for name in "ABCDEFGHIJKL")
    for id, ago in ((high, "20 s"), (low, "10 s")):
        due = "UPDATE schedule_entries SET next_due_at = now() - %s::interval WHERE service_id = %s"
        rows(due, ago, id)
    # So small a table is read as it lies: what was claimed first, which edits lock last, is first.
    claimed = checks_claim.claim("default", 2)
    rows("ANALYZE schedule_entries")
    batch = [one.finished(GREEN, claimed.now) for one in claimed.claims]
    with meet() as meeting:
        meeting.take(_LOCK_ENTRY, (low,))
        meeting.comes(checks_record.record, batch, claimed.now)
        meeting.take(_LOCK_ENTRY, (high,))
        meeting.ends()
    assert rows("SELECT count(*) FROM services WHERE status = 'GREEN'") == [(2,)]


def test_two_sweeps_never_pass_on_messages_about_one_alert(context, alice, rows, fail, meet):
    """Each adds the same messages for others, and waits for what the other has added."""
    make_channel(alice, fallback_channel_id=make_channel(alice, name="Fallback")["id"])
    alert = fail()
    for send in claim.claim(2):
        results.record(send, DeliveryOutcome(ok=False, error="refused"))
    rows("UPDATE notification_attempts SET started_at = started_at - interval '2 minutes'")
    passed_on = "SELECT count(*) FROM notifications WHERE passed_on_at IS NOT NULL"
    with meet() as meeting:
        meeting.take(_LOCK_ALERT, (alert["id"],))
        unreached.pass_on()
        assert rows(passed_on) == [(0,)]
    unreached.pass_on()
    assert rows(passed_on) == [(2,)]
