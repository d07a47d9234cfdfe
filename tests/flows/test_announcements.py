"""What is about no alert, from the moment it is known to a webhook that hears of it."""

from datetime import timedelta
from typing import Any

from app.platform.clock import utcnow
from tests.alerting import make_channel, make_window
from tests.event_messages import certificate, check
from tests.factories import make_service
from tests.flows.product import Product, Target
from tests.receivers import HttpReceiver
from tests.waiting import await_events, seconds_until
from workers import announcements
from workers.job import serve

EVENTS = ["service.status_changed", "maintenance.started", "maintenance.ended", "ssl.expiring"]


def events(receiver: HttpReceiver) -> list[str]:
    return [request.json["event"] for request in list(receiver.requests)]


def data(receiver: HttpReceiver, number: int) -> dict[str, Any]:
    found: dict[str, Any] = receiver.requests[number].json["data"]
    return found


def test_everything_arrives_with_what_it_is_about(app, alice, rows, dispatcher):
    serve(app)
    with HttpReceiver() as hook:
        config = {"url": f"{hook.url}/hook"}
        make_channel(alice, name="Hook", type="webhook", config=config, events=EVENTS)
        service = make_service(alice)
        check(app, rows, "GREEN", shown=certificate(utcnow() + timedelta(days=6.9)))
        announcements.warn_of_certificates()
        hook.wait_for(1)
        window = make_window(alice, description="New disks")
        hook.wait_for(2)
        check(app, rows, "RED")
        alice.post(f"/maintenance-windows/{window['id']}/end")
        hook.wait_for(3)
        announcements.announce()
        hook.wait_for(4)
        check(app, rows, "GREEN", shown=certificate(utcnow() - timedelta(minutes=1), "bb"))
        hook.wait_for(5)
        announcements.warn_of_certificates()
        hook.wait_for(6)
        assert events(hook) == [
            "ssl.expiring",
            "maintenance.started",
            "maintenance.ended",
            "service.status_changed",
            "service.status_changed",
            "ssl.expired",
        ]
    expiring = data(hook, 0)
    assert expiring["certificate"]["domain"] == "shop.example.com"
    assert expiring["certificate"]["days_until_expiry"] == 6
    assert expiring["certificate"]["threshold_days"] == 7
    assert expiring["service"]["id"] == service["id"]
    started = data(hook, 1)["maintenance"]
    assert (started["id"], started["description"]) == (window["id"], "New disks")
    assert data(hook, 2)["maintenance"]["status"] == "ended"
    red = data(hook, 3)
    assert (red["from_status"], red["service"]["status"]) == ("GREEN", "RED")
    assert red["reason"] == "connection refused"
    assert (data(hook, 4)["from_status"], data(hook, 4)["service"]["status"]) == ("RED", "GREEN")


def test_maintenance_and_colours_in_the_running_product(product: Product, shop: Target) -> None:
    with HttpReceiver() as hook, HttpReceiver() as pager:
        for receiver, wanted in ((hook, EVENTS), (pager, ["alert.fired", "alert.resolved"])):
            config = {"url": f"{receiver.url}/hook"}
            body = {"name": "hook", "type": "webhook", "config": config, "events": wanted}
            product.call("POST", "/notification-channels", body)
        service = product.service(shop.url)
        seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
        times = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z"}
        window = product.call("POST", "/maintenance-windows", {"name": "Upgrade", **times})
        await_events(lambda: events(hook), ["maintenance.started"], 5)
        shop.status = 500
        seconds_until(lambda: product.status(service["id"]) == "RED", 3)
        product.call("POST", f"/maintenance-windows/{window['id']}/end")
        seconds_until(lambda: "maintenance.ended" in events(hook), 5)
        # By the tick: the status has not changed since.
        await_events(lambda: events(hook)[2:], ["service.status_changed"], 20)
        assert data(hook, 2)["service"]["status"] == "RED"
        await_events(lambda: events(pager), ["alert.fired"], 5)
        product.call("DELETE", f"/services/{service['id']}")
        await_events(lambda: events(pager), ["alert.fired", "alert.resolved"], 5)
        fired, resolved = (data(pager, number)["alert"] for number in (0, 1))
        assert resolved["id"] == fired["id"]
        assert resolved["status"] == "resolved"
