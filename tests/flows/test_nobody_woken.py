"""Stories through the real product of silence and its end: snoozes, windows, overrides, pings."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tests.flows.outages import alert_of, failing, heard, levels, member, webhook
from tests.flows.product import Product, Target
from tests.receivers import HttpReceiver
from tests.waiting import await_events, seconds_until


def test_levels_keep_their_distances_from_the_end_of_a_snooze(
    product: Product, hook: HttpReceiver, escalating: dict[str, Any]
) -> None:
    alert = alert_of(product)
    product.call("POST", f"/alerts/{alert['id']}/snooze", {"minutes": 30})
    (_, _, (_, _, far)) = levels(product)
    assert far > 1800
    product.call("DELETE", f"/alerts/{alert['id']}/snooze")
    (_, second, third) = levels(product)
    assert 0 < second[2] <= 60
    assert abs(third[2] - second[2] - 60) < 1
    seconds_until(lambda: len(heard(hook)) == 2, 10)  # what still fails is told again
    assert heard(hook, "level-2") == []
    assert [line["kind"] for line in alert_of(product)["timeline"]].count("snooze_ended") == 1


def test_the_end_of_a_snooze_is_told(product: Product, shop: Target, hook: HttpReceiver) -> None:
    webhook(product, hook)
    failing(product, shop)
    await_events(lambda: heard(hook), ["alert.fired"], 10)
    alert = alert_of(product)
    product.call("POST", f"/alerts/{alert['id']}/snooze", {"minutes": 1})
    with product.database() as connection:
        connection.execute("UPDATE alerts SET snoozed_until = now() WHERE id = %s", (alert["id"],))
    seconds_until(lambda: len(heard(hook)) == 2, 15)
    assert alert_of(product)["snoozed_until"] is None


def test_the_override_that_was_decided_last_wins(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    me = product.call("GET", "/members")[0]["user_id"]
    first = member(product, "first-override@example.com", f"{hook.url}/first")
    last = member(product, "last-override@example.com", f"{hook.url}/last")
    now = datetime.now(UTC).replace(microsecond=0)
    layer = {"name": "L", "users": [me], "rotation_type": "weekly"}
    schedule = product.call(
        "POST", "/on-call-schedules", {"name": "S", "timezone": "UTC", "layers": [layer]}
    )
    for who in (first, last):
        product.call(
            "POST",
            f"/on-call-schedules/{schedule['id']}/overrides",
            {
                "user_id": who,
                "from": (now - timedelta(minutes=1)).isoformat(),
                "to": (now + timedelta(hours=1)).isoformat(),
            },
        )
    on_call = product.call("GET", f"/on-call-schedules/{schedule['id']}/on-call")
    assert [one["user_id"] for one in on_call["on_call"]] == [last]
    line = {"level": 1, "delay_minutes": 0, "notify_type": "schedule", "notify_id": schedule["id"]}
    product.call("POST", "/escalation-policies", {"name": "P", "rules": [line], "is_default": True})
    failing(product, shop)
    await_events(lambda: heard(hook, "last"), ["alert.fired"], 10)
    assert heard(hook, "first") == []


def test_the_usual_forms_of_cron_are_taken(product: Product) -> None:
    for schedule in ("@daily", "0 0 * * fri-sun", "0 0 * * 5L", "0 0 * * SUN#1", "0 */6 * * *"):
        body = {"name": "Job", "schedule": schedule, "timezone": "Australia/Lord_Howe"}
        made = product.call("POST", "/heartbeats", body)
        assert made["schedule"] == schedule
        assert requests.get(made["ping_url"], timeout=60).status_code == 200
        found = product.call("GET", f"/heartbeats/{made['id']}")
        assert found["status"] == "healthy"
        assert found["next_expected_at"] > found["last_ping_at"]


def test_another_form_is_refused_with_an_example(product: Product) -> None:
    for schedule in ("61 * * * *", "0 0 L-3 * *", "* * *", "every now and then"):
        answer = product.session.post(
            f"{product.api}/heartbeats", json={"name": "Job", "schedule": schedule}, timeout=60
        )
        assert answer.status_code == 422, schedule
        assert answer.json()["fields"]["schedule"], schedule


def test_a_clear_down_of_another_product_is_a_failure(product: Product, hook: HttpReceiver) -> None:
    webhook(product, hook)
    for number, query in enumerate(("status=down&msg=disk+full", "state=fail"), start=1):
        heartbeat = product.call("POST", "/heartbeats", {"name": "Job", "schedule": "every 1h"})
        assert requests.get(heartbeat["ping_url"], timeout=60).status_code == 200
        assert requests.get(f"{heartbeat['ping_url']}?{query}", timeout=60).status_code == 200
        seconds_until(lambda: heard(hook).count("alert.fired") == number, 15)  # noqa: B023
        assert product.call("GET", f"/heartbeats/{heartbeat['id']}")["status"] == "failed"


def test_maintenance_at_once_is_silent_and_its_end_is_not(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook, events=["alert.fired"])
    service = product.service(shop.url)
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 8)
    window = product.call(
        "POST", "/maintenance-windows/now", {"service_ids": [service["id"]], "minutes": 30}
    )
    shop.status = 500
    seconds_until(lambda: product.status(service["id"]) == "RED", 10)
    assert product.call("GET", "/alerts") == []
    past = {
        "name": "Past",
        "starts_at": "2026-01-01T00:00:00Z",
        "ends_at": "2026-01-01T01:00:00Z",
        "service_ids": [service["id"]],
    }
    answer = product.session.post(f"{product.api}/maintenance-windows", json=past, timeout=60)
    assert answer.status_code == 422
    assert heard(hook) == []
    product.call("POST", f"/maintenance-windows/{window['id']}/end")
    await_events(lambda: heard(hook), ["alert.fired"], 10)


def test_a_flapping_heartbeat_is_told_of_a_few_times(product: Product, hook: HttpReceiver) -> None:
    webhook(product, hook)
    heartbeat = product.call("POST", "/heartbeats", {"name": "Job", "schedule": "every 1h"})
    for _ in range(12):
        for suffix in ("/fail", ""):
            requests.get(heartbeat["ping_url"] + suffix, timeout=60).raise_for_status()
            with product.database() as connection:
                seconds_until(
                    lambda: (
                        connection.execute(
                            "SELECT NOT EXISTS (SELECT FROM heartbeat_flips"
                            " WHERE heartbeat_id = %s AND NOT is_handled)",
                            (heartbeat["id"],),
                        ).fetchone()
                        == (True,)
                    ),
                    10,
                )
    told = [event for event in heard(hook) if event.startswith(("alert.", "heartbeat."))]
    assert 1 <= len(told) <= 8, told


def test_what_is_named_or_keeps_incidents_does_not_vanish(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    named = webhook(product, hook, "named")
    (rule,) = product.call("GET", "/alert-rules")
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"notification_channel_ids": [named["id"]]})
    answer = product.session.delete(f"{product.api}/notification-channels/{named['id']}")
    assert answer.status_code == 409
    assert "alert rule" in answer.json()["error"]
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"notification_channel_ids": []})
    pagerduty = product.call(
        "POST",
        "/notification-channels",
        {"name": "Pager", "type": "pagerduty", "config": {"routing_key": "0" * 32}},
    )
    failing(product, shop)
    await_events(lambda: heard(hook, "named"), ["alert.fired"], 10)
    seconds_until(lambda: product.pager.requests, 10)
    where = f"{product.api}/notification-channels/{pagerduty['id']}"
    answer = product.session.delete(where)
    assert answer.status_code == 409
    assert "open alert of Shop" in answer.json()["error"]
    shop.status = 200
    await_events(lambda: heard(hook, "named"), ["alert.fired", "alert.resolved"], 10)
    assert product.session.delete(where).status_code == 204
