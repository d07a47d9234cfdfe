"""Stories of planned silence through the real product: what is told during it, and at its end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tests.flows.outages import alert_of, heard, levels, webhook
from tests.flows.product import Product, Target
from tests.receivers import HttpReceiver
from tests.waiting import await_events, seconds_until


def daily(product: Product, **fields: Any) -> Any:
    """Make a window that has begun ten minutes ago, and comes again each day for an hour."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    body = {
        "name": "Backup",
        "starts_at": begin.isoformat(),
        "recurrence": f"FREQ=DAILY;BYHOUR={begin.hour};BYMINUTE={begin.minute}",
        "duration_minutes": 60,
    }
    return product.call("POST", "/maintenance-windows", body | fields)


def has_advanced(product: Product, since: datetime) -> bool:
    """Say whether escalations have been looked at since a moment, from beginning to end."""
    with product.database() as connection:
        row = connection.execute(
            "SELECT finished_at > %s + interval '2 seconds' FROM tick_runs"
            " WHERE job = 'workers.escalations.advance'",
            (since,),
        ).fetchone()
    return row == (True,)


def test_levels_keep_their_distances_from_the_end_of_a_window(
    product: Product, hook: HttpReceiver, escalating: dict[str, Any]
) -> None:
    window = product.call(
        "POST", "/maintenance-windows/now", {"service_ids": [escalating["id"]], "minutes": 60}
    )
    with product.database() as connection:  # ten minutes of it have gone by
        connection.execute(
            "UPDATE escalation_levels SET due_at = due_at - interval '10 minutes'"
            " WHERE alert_id = %s AND status = 'pending'",
            (alert_of(product)["id"],),
        )
    moved = datetime.now(UTC)
    seconds_until(lambda: has_advanced(product, moved), 12)
    assert heard(hook, "level-2") == []
    product.call("POST", f"/maintenance-windows/{window['id']}/end")
    await_events(lambda: heard(hook, "level-2"), ["alert.escalated"], 10)
    seconds_until(lambda: levels(product)[1][1] == "done", 5)
    assert 50 < levels(product)[2][2] <= 60
    assert heard(hook, "level-3") == []


def test_an_occurrence_that_is_skipped_silences_nobody(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook, events=["alert.fired", "alert.resolved"])
    service = product.service(shop.url)
    window = daily(product, service_ids=[service["id"]])
    assert window["is_active"]
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 8)
    shop.status = 500
    seconds_until(lambda: product.status(service["id"]) == "RED", 10)
    assert product.call("GET", "/alerts") == []
    path = f"/maintenance-windows/{window['id']}"
    current = product.call("PATCH", path, {"exdates": [window["starts_at"]]})
    assert not current["is_active"]
    await_events(lambda: heard(hook), ["alert.fired"], 8)
    following = product.call("POST", f"{path}/skip")
    assert len(following["exdates"]) == 2
    assert following["next_start_at"] > current["next_start_at"]


def test_a_window_for_one_heartbeat(product: Product, hook: HttpReceiver) -> None:
    webhook(product, hook, events=["alert.fired"])
    body = {"schedule": "every 1h"}
    muted, other = (product.call("POST", "/heartbeats", body | {"name": n}) for n in ("A", "B"))
    window = product.call(
        "POST", "/maintenance-windows/now", {"heartbeat_ids": [muted["id"]], "minutes": 30}
    )
    for each in (muted, other):
        requests.get(f"{each['ping_url']}/fail", timeout=60).raise_for_status()
    await_events(lambda: heard(hook), ["alert.fired"], 10)
    assert [a["heartbeat_id"] for a in product.call("GET", "/alerts")] == [other["id"]]
    product.call("POST", f"/maintenance-windows/{window['id']}/end")
    await_events(lambda: heard(hook), ["alert.fired"] * 2, 10)


def test_what_was_ended_early_silences_again_only_on_request(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook, events=["alert.fired"])
    service = product.service(shop.url)
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 8)
    window = product.call(
        "POST", "/maintenance-windows/now", {"service_ids": [service["id"]], "minutes": 30}
    )
    path = f"/maintenance-windows/{window['id']}"
    product.call("POST", f"{path}/end")
    assert not product.call("PATCH", path, {"description": "done early"})["is_active"]
    later = {"ends_at": (datetime.now(UTC) + timedelta(hours=2)).isoformat()}
    answer = product.session.patch(product.api + path, json=later, timeout=60)
    assert answer.status_code == 409
    assert "reopen" in answer.json()["error"]
    shop.status = 500
    await_events(lambda: heard(hook), ["alert.fired"], 10)
    assert product.call("PATCH", path, later | {"reopen": True})["is_active"]
