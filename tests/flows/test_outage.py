"""From a bad check to a person who knows, and back: whole outages by HTTP alone."""

import re
import time
from typing import Any

import requests

from tests.flows.outages import levels
from tests.flows.product import Product, Target, moment, target
from tests.receivers import Answer, HttpReceiver
from tests.waiting import await_events, seconds_until, stretched


def channel(product: Product, kind: str, config: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"name": f"The {kind}", "type": kind, "config": config} | fields
    found: dict[str, Any] = product.call("POST", "/notification-channels", body)
    return found


def webhook(product: Product, receiver: HttpReceiver, **fields: Any) -> dict[str, Any]:
    return channel(product, "webhook", {"url": f"{receiver.url}/hook"}, **fields)


def events(receiver: HttpReceiver) -> list[str]:
    return [request.json["event"] for request in list(receiver.requests)]


def test_an_outage_is_told_on_every_channel_and_so_is_its_end(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook)
    channel(product, "email", {"to": ["ops@example.com"]})
    channel(product, "pagerduty", {"routing_key": "R" * 32})
    service = product.service(shop.url)
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
    shop.status = 500
    await_events(lambda: events(hook), ["alert.fired"], 5)
    alert = product.call("GET", "/alerts")[0]
    assert alert["title"] == "Service down Triggered by Check"
    assert alert["message"].startswith("Check failed with status RED")
    assert alert["severity"] == "critical"
    shop.status = 200
    await_events(lambda: events(hook), ["alert.fired", "alert.resolved"], 5)
    resolved = product.call("GET", f"/alerts/{alert['id']}")
    assert resolved["status"] == "resolved"
    assert resolved["resolved_by"] is None
    kinds = [line["kind"] for line in resolved["timeline"]]
    assert kinds[0] == "fired"
    assert "resolved" in kinds

    to = ["ops@example.com"]  # mails of earlier stories may still come
    seconds_until(lambda: sum(mail.recipients == to for mail in product.mail.mails) >= 2, 10)
    mails = [mail for mail in product.mail.mails if mail.recipients == to]
    assert "Service down" in str(mails[-2].message["Subject"])
    pages = [request.json for request in product.pager.wait_for(2)][-2:]
    assert [page["event_action"] for page in pages] == ["trigger", "resolve"]
    assert {page["dedup_key"] for page in pages} == {alert["id"]}
    seconds_until(lambda: len(finished(product, alert["id"])) == 6, 5)
    assert {delivery["status"] for delivery in finished(product, alert["id"])} == {"sent"}


def test_the_message_arrives_within_a_second_of_the_result(
    product: Product, hook: HttpReceiver
) -> None:
    webhook(product, hook)
    took = []
    for number in range(4):
        with target() as shop:
            service = product.service(shop.url, name=f"Shop {number}")
            seconds_until(lambda id=service["id"]: product.status(id) == "GREEN", 3)
            shop.status = 500
            before = len(hook.requests)
            seconds_until(lambda before=before: len(hook.requests) > before, 5)
            request = hook.requests[-1]
            took.append(request.at - moment(request.json["data"]["alert"]["fired_at"]))
            product.call("DELETE", f"/services/{service['id']}")
    assert sorted(took)[-1] < stretched(1), took


def test_escalation_stops_at_the_acknowledgement_from_the_message(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    with HttpReceiver() as second:
        first = webhook(product, hook, min_severity="critical")
        late = webhook(product, second, name="Second line")
        rule = product.call("GET", "/alert-rules")[0]
        policy = product.call(
            "POST",
            "/escalation-policies",
            {
                "name": "Day",
                "rules": [
                    {
                        "level": 1,
                        "delay_minutes": 0,
                        "notify_type": "channel",
                        "notify_id": first["id"],
                    },
                    {
                        "level": 2,
                        "delay_minutes": 30,
                        "notify_type": "channel",
                        "notify_id": late["id"],
                    },
                ],
            },
        )
        product.call(
            "PATCH",
            f"/alert-rules/{rule['id']}",
            {
                "notification_channel_ids": [first["id"]],
                "escalation_policy_id": policy["id"],
            },
        )
        service = product.service(shop.url)
        seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
        shop.status = 500
        await_events(lambda: events(hook), ["alert.fired"], 5)
        alert = product.call("GET", "/alerts")[0]
        assert alert["escalation"]["policy_id"] == policy["id"]
        # The rule notifies too and may be first; levels behind one that acts late come later.
        seconds_until(lambda: levels(product)[0][1] == "done", 10)
        # Half an hour goes by: levels are due so long after the firing. Alerts are locked first.
        with product.database() as connection, connection.transaction():
            connection.execute(
                "UPDATE alerts SET fired_at = fired_at - interval '30 minutes' WHERE id = %s",
                (alert["id"],),
            )
            connection.execute(
                "UPDATE escalation_levels SET due_at = due_at - interval '30 minutes'"
                " WHERE alert_id = %s",
                (alert["id"],),
            )
        await_events(lambda: events(second), ["alert.escalated"], 8)
        assert events(hook) == ["alert.fired"]  # told once, not once by rule and once by policy

        mail = channel(product, "email", {"to": ["boss@example.com"]})
        product.call("DELETE", f"/notification-channels/{mail['id']}")
        link = acknowledge_link(product, alert["id"])
        page = requests.get(link, timeout=60)
        assert page.status_code == 200
        assert "<form" in page.text
        assert product.call("GET", f"/alerts/{alert['id']}")["status"] == "firing"
        assert requests.post(link, timeout=60).ok
        acknowledged = product.call("GET", f"/alerts/{alert['id']}")
        assert acknowledged["status"] == "acknowledged"
        seconds_until(lambda: "alert.acknowledged" in events(hook), 5)
        shop.status = 200
        seconds_until(lambda: events(hook)[-1] == "alert.resolved", 5)
        assert events(hook) == ["alert.fired", "alert.acknowledged", "alert.resolved"]


def acknowledge_link(product: Product, alert_id: str) -> str:
    """Take the link out of a message that shows it as people see it: an e-mail."""
    box = channel(product, "email", {"to": ["link@example.com"]})
    product.call("POST", f"/alerts/{alert_id}/comments", {"text": "where is the link?"})
    with product.database() as connection:
        # A message to the new channel, as a reminder would send it.
        connection.execute(
            "INSERT INTO notifications (id, organization_id, alert_id, channel_id, subject_key,"
            " recipient_key, kind, step, severity, message, status, attempts, next_try_at)"
            " SELECT gen_random_uuid(), organization_id, alert_id, %s, subject_key, %s,"
            " 'alert.reminder', 99, severity, message, 'pending', 0, now() FROM notifications"
            " WHERE alert_id = %s AND kind = 'alert.fired' LIMIT 1",
            (box["id"], f"channel:{box['id']}", alert_id),
        )
    seconds_until(lambda: any("link@" in str(mail.recipients) for mail in product.mail.mails), 8)
    text = next(mail for mail in product.mail.mails if "link@" in str(mail.recipients)).part(
        "plain"
    )
    product.call("DELETE", f"/notification-channels/{box['id']}")
    found = re.search(r"Acknowledge: (http\S+/alerts/act/\S+)", text)
    assert found, text
    return re.sub(r"^http://[^/]+", f"http://127.0.0.1:{product.port}", found.group(1))


def test_receivers_that_fail_get_the_right_thing(product: Product, shop: Target) -> None:
    with (
        HttpReceiver([500, 500, 200]) as shaky,
        HttpReceiver([Answer(429, headers={"Retry-After": "3"}), 200]) as busy,
        HttpReceiver([400] * 20) as refusing,
        HttpReceiver([Answer(die=True), 200]) as dying,
        HttpReceiver() as spare,
    ):
        fallback = webhook(product, spare, name="Spare", is_enabled=False)
        for name, receiver in (("shaky", shaky), ("busy", busy), ("dying", dying)):
            webhook(product, receiver, name=name)
        webhook(product, refusing, name="refusing", fallback_channel_id=fallback["id"])
        service = product.service(shop.url)
        seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
        shop.status = 500
        alert_id = seconds_until(lambda: product.call("GET", "/alerts"), 5) and ""
        alert_id = product.call("GET", "/alerts")[0]["id"]
        seconds_until(lambda: len(shaky.requests) == 3, 15)
        seconds_until(lambda: len(busy.requests) == 2, 15)
        seconds_until(lambda: len(dying.requests) == 2, 15)
        seconds_until(lambda: len(spare.requests) == 1, 15)
        assert busy.requests[1].at - busy.requests[0].at >= 3
        assert len(refusing.requests) == 1
        for receiver in (shaky, busy, dying):
            assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
        seconds_until(lambda: len(finished(product, alert_id)) == 5, 5)
        log = {entry["channel_name"]: entry for entry in finished(product, alert_id)}
        assert log["shaky"]["status"] == "sent"
        assert len(log["shaky"]["attempts"]) == 3
        assert log["refusing"]["status"] == "dead"
        assert log["Spare"]["status"] == "sent"


def finished(product: Product, alert_id: str) -> list[dict[str, Any]]:
    entries = product.call("GET", f"/alerts/{alert_id}/notifications")
    return [entry for entry in entries if entry["status"] != "pending"]


def test_an_outage_too_short_to_be_told_is_told_once(product: Product, shop: Target) -> None:
    with HttpReceiver([500] * 2) as receiver:
        webhook(product, receiver)
        service = product.service(shop.url)
        seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
        shop.status = 500
        receiver.answer_to = lambda sent: 200 if sent.json["event"] == "alert.resolved" else None
        seconds_until(lambda: len(receiver.requests) >= 2, 10)
        shop.status = 200
        seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
        seconds_until(lambda: "alert.resolved" in events(receiver), 10)
        time.sleep(1)
        # It is tried again as long as it lasts, however long its end takes to be seen.
        *tries, last = events(receiver)
        assert (set(tries), last) == ({"alert.fired"}, "alert.resolved")


def test_maintenance_keeps_still_and_what_outlasts_it_fires(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook)
    service = product.service(shop.url)
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
    window = product.call(
        "POST",
        "/maintenance-windows",
        {
            "name": "Upgrade",
            "starts_at": "2026-01-01T00:00:00Z",
            "ends_at": "2099-01-01T00:00:00Z",
            "service_ids": [service["id"]],
        },
    )
    shop.status = 500
    seconds_until(lambda: product.status(service["id"]) == "RED", 3)
    time.sleep(2.5)
    assert product.call("GET", "/alerts") == []
    product.call("POST", f"/maintenance-windows/{window['id']}/end")
    await_events(lambda: events(hook), ["alert.fired"], 5)


def test_what_depends_on_the_failed_is_hidden_behind_it(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook)
    parent = product.service(shop.url, name="Database")
    child = product.service(shop.url, name="Shop", depends_on=[parent["id"]])
    seconds_until(lambda: product.status(child["id"]) == "GREEN", 3)
    shop.status = 500
    seconds_until(lambda: product.status(child["id"]) == "RED", 4)
    seconds_until(lambda: len(product.call("GET", "/alerts")) == 2, 4)
    time.sleep(6)
    assert events(hook) == ["alert.fired"]
    alerts = {alert["service_name"]: alert for alert in product.call("GET", "/alerts")}
    assert hook.requests[0].json["data"]["alert"]["service_name"] == "Database"
    assert alerts["Shop"]["suppressed_by"] == alerts["Database"]["id"]
    shop.status = 200
    seconds_until(lambda: product.call("GET", "/alerts") == [], 5)
    await_events(lambda: events(hook), ["alert.fired", "alert.resolved"], 5)


def test_a_storm_becomes_a_digest(product: Product, shop: Target, hook: HttpReceiver) -> None:
    webhook(product, hook)
    for number in range(30):
        product.service(shop.url, name=f"Shop {number}", slow_threshold_ms=60000)
    seconds_until(lambda: {s["status"] for s in product.call("GET", "/services")} == {"GREEN"}, 10)
    shop.status = 500
    seconds_until(lambda: len(product.call("GET", "/alerts")) == 30, 10)
    seconds_until(lambda: "digest" in events(hook), 10)
    time.sleep(3)
    # At most ten by themselves before it was a storm, then one digest; the next is a minute away.
    assert events(hook)[-1] == "digest"
    assert events(hook).count("digest") == 1
    assert len(hook.requests) <= 11
    told = [
        alert["id"]
        for request in hook.requests
        for alert in (request.json["data"].get("alerts") or [request.json["data"]["alert"]])
    ]
    assert len(told) == len(set(told))
    assert len(told) >= len(hook.requests) + 1
