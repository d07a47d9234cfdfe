"""So many changes of status at once that they are told in one message a minute."""

import pytest

from app.operations.checks.status_announcements import EVENT
from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import results as delivery_results
from app.operations.notifications.claim import DeliveryOutcome
from tests.alerting import make_channel
from tests.event_messages import check, let_pass, listen
from tests.factories import make_service

SERVICES = 12


@pytest.fixture
def shops(alice, rows):
    rows("UPDATE organizations SET max_services = 100")
    return [make_service(alice, name=f"Shop {number}") for number in range(SERVICES)]


@pytest.fixture
def send(app, rows):
    """Send everything that is due, and return it."""

    def send():
        let_pass(rows, 2)  # what the first of a storm waits for company
        with app.app_context():
            sends = outbox_claim.claim(100)
            for one in sends:
                delivery_results.record(one, DeliveryOutcome(ok=True))
            return sends

    return send


def test_many_changes_become_a_digest_and_the_next_one_waits_a_minute(
    app, alice, rows, shops, send
):
    listen(alice, EVENT)
    check(app, rows, "GREEN")
    check(app, rows, "RED")
    (digest,) = send()
    assert (digest.kind, digest.message["event"]) == (EVENT, "digest")
    assert digest.message["severity"] == "critical"
    changes = digest.message["changes"]
    assert sorted(change["name"] for change in changes) == sorted(shop["name"] for shop in shops)
    assert {(change["from_status"], change["status"]) for change in changes} == {("GREEN", "RED")}
    check(app, rows, "GREEN")
    assert send() == []
    let_pass(rows, 60)
    (digest,) = send()
    assert len(digest.message["changes"]) == SERVICES
    statuses = rows("SELECT status, count(*) FROM notifications GROUP BY status ORDER BY status")
    assert statuses == [("digested", 2 * SERVICES - 2), ("sent", 2)]


def test_a_few_changes_are_told_one_by_one(app, alice, rows, send):
    rows("UPDATE organizations SET max_services = 100")
    for number in range(10):
        make_service(alice, name=f"Shop {number}")
    listen(alice, EVENT)
    check(app, rows, "RED")
    assert [one.message["event"] for one in send()] == [EVENT] * 10


def test_a_storm_of_one_channel_is_none_of_another(app, alice, rows, shops, send):
    listen(alice, EVENT, name="All")
    check(app, rows, "RED")
    send()
    late = listen(alice, EVENT, name="Late")
    alice.patch(f"/services/{shops[0]['id']}", {"failure_threshold": 1})
    for shop in shops[1:]:
        alice.post(f"/services/{shop['id']}/pause")
    check(app, rows, "GREEN")
    told = {str(one.channel_id): one.message["event"] for one in send()}
    assert told[late] == EVENT


def test_systems_that_keep_incidents_get_every_one(app, alice, rows, shops, send):
    make_channel(alice, type="pagerduty", config={"routing_key": "R" * 32}, events=[EVENT])
    check(app, rows, "RED")
    assert len(send()) == SERVICES
