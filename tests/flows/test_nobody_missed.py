"""Stories through the real product of alerts once missed, or that woke somebody for nothing."""

from functools import partial

from tests.flows.outages import alert_of, failing, heard, member, webhook
from tests.flows.product import Product, Target
from tests.receivers import Answer, HttpReceiver
from tests.waiting import await_events, seconds_until


def test_an_alert_that_tells_nobody_reaches_the_owner(product: Product, shop: Target) -> None:
    failing(product, shop)
    email = product.call("GET", "/profile")["email"]
    seconds_until(lambda: [m for m in product.mail.mails if m.recipients == [email]], 10)
    alert = alert_of(product)
    assert alert["told_reason"] == "the organization has no notification channel"
    assert "untold" in [line["kind"] for line in alert["timeline"]]
    shop.status = 200
    seconds_until(lambda: len([m for m in product.mail.mails if m.recipients == [email]]) == 2, 10)


def test_a_channel_that_is_switched_on_is_told_and_again_on_request(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    channel = webhook(product, hook, is_enabled=False)
    failing(product, shop)
    product.call("PATCH", f"/notification-channels/{channel['id']}", {"is_enabled": True})
    await_events(lambda: heard(hook), ["alert.fired"], 8)
    alert = alert_of(product)
    product.call("POST", f"/alerts/{alert['id']}/notify", {"channel_id": channel["id"]})
    await_events(lambda: heard(hook), ["alert.fired", "alert.fired"], 8)
    shop.status = 200
    await_events(lambda: heard(hook), ["alert.fired", "alert.fired", "alert.resolved"], 8)


def test_a_pause_ends_an_alert_and_says_so(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook)
    service = failing(product, shop)
    await_events(lambda: heard(hook), ["alert.fired"], 8)
    product.call("POST", f"/services/{service['id']}/pause")
    await_events(lambda: heard(hook), ["alert.fired", "alert.resolved"], 8)
    assert product.call("GET", "/alerts") == []
    product.call("POST", f"/services/{service['id']}/resume")
    await_events(lambda: heard(hook)[2:], ["alert.fired"], 8)


def test_an_outage_after_a_resolve_by_hand_is_told(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook)
    (rule,) = product.call("GET", "/alert-rules")
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"auto_resolve": False})
    service = failing(product, shop)
    shop.status = 200
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 5)
    product.call("POST", f"/alerts/{alert_of(product)['id']}/resolve", {})
    shop.status = 500
    seconds_until(lambda: heard(hook).count("alert.fired") == 2, 8)


def test_a_lost_tag_ends_the_alert(product: Product, shop: Target, hook: HttpReceiver) -> None:
    webhook(product, hook)
    (rule,) = product.call("GET", "/alert-rules")
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"tags": ["shop"]})
    service = failing(product, shop, tags=["shop"])
    await_events(lambda: heard(hook), ["alert.fired"], 8)
    product.call("PATCH", f"/services/{service['id']}", {"tags": []})
    await_events(lambda: heard(hook), ["alert.fired", "alert.resolved"], 8)


def test_severities_are_edited_while_an_alert_fires(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook)
    webhook(product, hook, "critical", min_severity="critical")
    (rule,) = product.call("GET", "/alert-rules")
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"severity": "warning"})
    failing(product, shop)
    await_events(lambda: heard(hook), ["alert.fired"], 8)
    assert heard(hook, "critical") == []
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"severity": "critical"})
    await_events(lambda: heard(hook, "critical"), ["alert.fired"], 8)
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"severity": "info"})
    shop.status = 200
    for name in ("all", "critical"):
        await_events(partial(heard, hook, name), ["alert.fired", "alert.resolved"], 8)


def test_a_successor_is_told_in_place_of_whoever_has_gone(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    me = product.call("GET", "/members")[0]["user_id"]
    methods = [{"type": "webhook", "config": {"url": f"{hook.url}/me"}}]
    product.call("PUT", "/profile", {"contact_methods": methods})
    gone = member(product, product.call("GET", "/profile")["email"].replace("@", "-gone@"))
    layer = {"name": "Primary", "users": [gone]}
    schedule = product.call("POST", "/on-call-schedules", {"name": "Ops", "layers": [layer]})
    line = {"level": 1, "delay_minutes": 0, "notify_type": "schedule", "notify_id": schedule["id"]}
    policy = {"name": "Ops", "rules": [line], "is_default": True}
    product.call("POST", "/escalation-policies", policy)
    path = f"{product.api}/members/{gone}"
    refused = product.session.delete(path, timeout=60)
    assert (refused.status_code, "on-call schedule Ops" in refused.text) == (409, True)
    assert product.session.delete(f"{path}?replace_with={me}", timeout=60).status_code == 204
    failing(product, shop)
    await_events(lambda: heard(hook, "me"), ["alert.fired"], 10)


def test_a_blip_is_no_news_for_a_delayed_contact(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    methods = [
        {"type": "webhook", "config": {"url": f"{hook.url}/now"}},
        {"type": "webhook", "config": {"url": f"{hook.url}/late"}, "delay_minutes": 1},
    ]
    product.call("PUT", "/profile", {"contact_methods": methods})
    me = product.call("GET", "/members")[0]["user_id"]
    line = {"level": 1, "delay_minutes": 0, "notify_type": "user", "notify_id": me}
    product.call(
        "POST", "/escalation-policies", {"name": "Me", "rules": [line], "is_default": True}
    )
    failing(product, shop)
    await_events(lambda: heard(hook, "now"), ["alert.fired"], 8)
    shop.status = 200
    await_events(lambda: heard(hook, "now"), ["alert.fired", "alert.resolved"], 8)
    waiting = (
        "SELECT count(*) FROM notifications WHERE status = 'pending' AND recipient_key LIKE %s"
    )
    with product.database() as connection:
        # What was sent is noted a moment after the receiver has it.
        seconds_until(lambda: connection.execute(waiting, (f"user:{me}:%",)).fetchone() == (0,), 5)
    assert heard(hook, "late") == []


def test_a_receiver_that_is_down_keeps_nobody_waiting(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    spare = webhook(product, hook, "spare", is_enabled=False)
    with HttpReceiver([Answer(500)] * 1000) as down:
        webhook(product, down, fallback_channel_id=spare["id"])
        failing(product, shop)
        seconds_until(lambda: down.requests, 8)
        alert = alert_of(product)
        with product.database() as connection:  # a minute has gone by
            connection.execute(
                "UPDATE notification_attempts a SET started_at = started_at - interval '1 minute'"
                " FROM notifications n WHERE n.id = a.notification_id AND n.alert_id = %s",
                (alert["id"],),
            )
        await_events(lambda: heard(hook, "spare"), ["alert.fired"], 12)
        assert alert_of(product)["timeline"][-1]["kind"] == "undelivered"
        shop.status = 200
        await_events(lambda: heard(hook, "spare"), ["alert.fired", "alert.resolved"], 8)
