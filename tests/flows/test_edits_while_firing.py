"""Stories through the real product of edits while an alert fires: nobody is missed by them."""

from datetime import UTC, datetime

from tests.flows.outages import alert_of, failing, heard, webhook
from tests.flows.product import Product, Target
from tests.receivers import Answer, HttpReceiver
from tests.waiting import await_events, seconds_until


def test_whoever_is_edited_while_the_message_does_not_get_through(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    me = product.call("GET", "/members")[0]
    with HttpReceiver([Answer(503)] * 10_000) as away:
        channel = webhook(product, away)
        failing(product, shop)
        seconds_until(lambda: away.requests, 10)
        path = f"/notification-channels/{channel['id']}"
        product.call("PATCH", path, {"is_enabled": False})
        seconds_until(lambda: alert_of(product)["told"] == "sent", 15)
        mails = [mail for mail in product.mail.mails if me["email"] in mail.recipients]
        assert len(mails) == 1
        product.call("DELETE", path)
        kinds = [line["kind"] for line in alert_of(product)["timeline"]]
        assert kinds[:2] == ["fired", "undelivered"]
        webhook(product, hook, "later", is_enabled=False)
        shop.status = 200
        seconds_until(lambda: not product.call("GET", "/alerts"), 10)
        methods = [{"type": "webhook", "config": {"url": f"{away.url}/wrong"}}]
        product.call("PUT", "/profile", {"contact_methods": methods})
        line = {"level": 1, "delay_minutes": 0, "notify_type": "user", "notify_id": me["user_id"]}
        policy = {"name": "P", "rules": [line], "is_default": True}
        product.call("POST", "/escalation-policies", policy)
        shop.status = 500
        seconds_until(lambda: [one for one in away.requests if one.path == "/wrong"], 15)
        methods = [{"type": "webhook", "config": {"url": f"{hook.url}/right"}}]
        product.call("PUT", "/profile", {"contact_methods": methods})
        await_events(lambda: heard(hook, "right"), ["alert.fired"], 10)
        shop.status = 200
        await_events(lambda: heard(hook, "right"), ["alert.fired", "alert.resolved"], 10)
        assert heard(hook, "later") == []


def test_quiet_hours_and_tags_are_edited_by_a_file(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    now = datetime.now(UTC)
    quiet = {"timezone": "UTC", "from": f"{now.hour:02}:00", "to": f"{(now.hour + 6) % 24:02}:00"}
    webhook(product, hook, quiet_hours=quiet)
    (rule,) = product.call("GET", "/alert-rules")
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"severity": "warning", "tags": ["web"]})
    failing(product, shop, tags=["web"])
    document = product.call("GET", "/config/export?format=json")
    assert heard(hook) == []
    document["notification_channels"][0]["quiet_hours"] = None
    product.call("POST", "/config/apply", document)
    await_events(lambda: heard(hook), ["alert.fired"], 20)
    document["services"][0]["tags"] = []
    product.call("POST", "/config/apply", document)
    await_events(lambda: heard(hook), ["alert.fired", "alert.resolved"], 10)
    document["services"][0]["tags"] = ["web"]
    product.call("POST", "/config/apply", document)
    await_events(lambda: heard(hook), ["alert.fired", "alert.resolved", "alert.fired"], 10)
