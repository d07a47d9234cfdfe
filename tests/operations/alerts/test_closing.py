"""What becomes of alerts whose service is deleted: whoever heard of them hears of the end."""

import threading
from uuid import UUID

import pytest

from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import results as delivery_results
from app.operations.notifications.claim import DeliveryOutcome
from tests.alerting import make_channel, make_rule
from tests.event_messages import at_once, check
from tests.factories import make_service


@pytest.fixture
def messages(rows):
    return lambda: rows(
        "SELECT kind, status, alert_id FROM notifications ORDER BY created_at, kind"
    )


@pytest.fixture
def send(app):
    """Send everything that is due."""

    def send():
        with app.app_context():
            sends = outbox_claim.claim(100)
            for one in sends:
                delivery_results.record(one, DeliveryOutcome(ok=True, status_code=200))
            return sends

    return send


def test_who_was_told_hears_that_the_service_was_deleted(app, alice, rows, messages, send):
    make_channel(alice)
    service = make_service(alice)
    check(app, rows, "RED")
    (fired,) = send()
    assert alice.delete(f"/services/{service['id']}").status_code == 204
    assert alice.get("/alerts?status=all").json == []
    ((kind, status, alert_id),) = messages()
    assert (kind, status, alert_id) == ("alert.resolved", "pending", None)
    (resolved,) = send()
    assert resolved.message["alert"]["id"] == str(fired.alert_id), "the receiver's key"
    assert resolved.message["alert"]["status"] == "resolved"
    assert resolved.message["closed_because"] == "the service was deleted"
    assert not resolved.message["combined"]
    assert messages() == [("alert.resolved", "sent", None)]


def test_who_was_not_told_yet_hears_once(app, alice, rows, messages):
    make_channel(alice)
    service = make_service(alice)
    check(app, rows, "RED")
    alice.delete(f"/services/{service['id']}")
    assert messages() == [("alert.resolved", "pending", None)]
    ((message,),) = rows("SELECT message FROM notifications")
    assert message["combined"]


def test_a_message_in_the_air_keeps_its_place_before_the_end(app, alice, rows, messages):
    make_channel(alice)
    service = make_service(alice)
    check(app, rows, "RED")
    with app.app_context():
        (fired,) = outbox_claim.claim(10)
        alice.delete(f"/services/{service['id']}")
        assert outbox_claim.claim(10) == [], "the end waits for the beginning"
        delivery_results.record(fired, DeliveryOutcome(ok=True))
        (resolved,) = outbox_claim.claim(10)
    assert (fired.kind, resolved.kind) == ("alert.fired", "alert.resolved")


def test_acknowledged_and_several_at_once(app, alice, rows, messages, send):
    make_channel(alice)
    make_rule(alice, name="Second", condition={})
    services = [make_service(alice, name=f"Shop {number}") for number in range(2)]
    check(app, rows, "RED")
    assert len(send()) == 4
    for alert in alice.get("/alerts").json[:2]:
        alice.post(f"/alerts/{alert['id']}/acknowledge", {})
    body = {"action": "delete", "ids": [service["id"] for service in services]}
    assert alice.post("/services/bulk", body).status_code == 200
    kinds = [kind for kind, status, _ in messages() if status == "pending"]
    assert kinds.count("alert.resolved") == 4


def test_a_service_without_alerts_goes_silently(alice, messages):
    make_channel(alice)
    alice.delete(f"/services/{make_service(alice)['id']}")
    assert messages() == []


def test_what_it_had_hidden_is_told(app, alice, rows, messages, send):
    make_channel(alice)
    database = make_service(alice, name="Database")
    shop = make_service(alice, name="Shop", depends_on=[database["id"]])
    check(app, rows, "RED")
    rows("UPDATE schedule_entries SET next_due_at = now()")
    alerts = {alert["service_name"]: alert for alert in alice.get("/alerts").json}
    assert alerts["Shop"]["suppressed_by"] == alerts["Database"]["id"]
    send()
    alice.delete(f"/services/{database['id']}")
    (alert,) = alice.get("/alerts").json
    assert (alert["service_id"], alert["suppressed_by"]) == (shop["id"], None)
    told = {(kind, alert_id) for kind, status, alert_id in messages() if status == "pending"}
    assert told == {("alert.resolved", None), ("alert.fired", UUID(alert["id"]))}
    timeline = alice.get(f"/alerts/{alert['id']}").json["timeline"]
    assert timeline[-1]["text"] == "the service that hid it was deleted"


def test_deleting_while_checks_fail(app, alice, rows, messages):
    make_channel(alice)
    rows("UPDATE organizations SET max_services = 1000")
    for round_number in range(6):
        service = make_service(alice, name=f"Shop {round_number}")
        turns = iter(
            [
                lambda: check(app, rows, "RED"),
                lambda id=service["id"]: alice.delete(f"/services/{id}").status_code,
            ]
        )
        lock = threading.Lock()

        def act(turns=turns, lock=lock):
            with lock:
                turn = next(turns)
            return turn()

        assert 204 in at_once(app, act, times=2)
    assert rows("SELECT count(*) FROM services") == [(0,)]
    assert {row[:2] for row in messages()} <= {("alert.resolved", "pending")}


def test_a_rule_that_is_switched_off_says_so(app, alice, rows):
    make_channel(alice)
    make_service(alice)
    check(app, rows, "RED")
    rule = alice.get("/alert-rules").json[0]
    alice.patch(f"/alert-rules/{rule['id']}", {"is_enabled": False})
    ((message,),) = rows("SELECT message FROM notifications WHERE kind = 'alert.resolved'")
    assert message["closed_because"] == "the alert rule was switched off"
