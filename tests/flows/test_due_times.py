"""What falls due without a hint, as in a database that was restored or edited, is done soon."""

from contextlib import suppress

from tests.flows.outages import alert_of, failing, heard, webhook
from tests.flows.product import Product, Target, target
from tests.receivers import HttpReceiver
from tests.waiting import await_events, seconds_until

# The longest that anything due may sleep: every periodic job looks at least every ten seconds.
SECONDS = 15

DUE = (
    "UPDATE escalation_levels SET due_at = now() WHERE status = 'pending' AND alert_id = %(alert)s",
    "UPDATE alerts SET next_reminder_at = now() WHERE id = %(alert)s",
    "UPDATE notifications SET next_try_at = now()"
    " WHERE status = 'pending' AND alert_id = %(alert)s",
    "UPDATE heartbeats SET miss_at = now(), next_look_at = now() WHERE id = %(heartbeat)s",
    "UPDATE schedule_entries SET next_due_at = now() WHERE service_id = %(hourly)s",
)
CHECKS = "SELECT count(*) FROM check_results WHERE service_id = %(hourly)s"


def test_what_is_due_without_a_hint_is_done_soon(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    hourly = product.service(shop.url, check_interval_seconds=3600)
    seconds_until(lambda: product.status(hourly["id"]) == "GREEN", 8)
    with target() as other:
        mine = webhook(product, hook)
        late = webhook(product, hook, "level-1")
        (rule,) = product.call("GET", "/alert-rules")
        changes = {"notification_channel_ids": [mine["id"]], "reminder_interval_minutes": 60}
        product.call("PATCH", f"/alert-rules/{rule['id']}", changes)
        methods = [{"type": "webhook", "config": {"url": f"{hook.url}/me"}, "delay_minutes": 30}]
        me = product.call("PUT", "/profile", {"contact_methods": methods})["id"]
        lines = [
            {"level": 1, "delay_minutes": 0, "notify_type": "user", "notify_id": me},
            {"level": 2, "delay_minutes": 9, "notify_type": "channel", "notify_id": late["id"]},
        ]
        policy = {"name": "P", "rules": lines, "is_default": True}
        product.call("POST", "/escalation-policies", policy)
        failing(product, other, name="Other")
        await_events(lambda: heard(hook), ["alert.fired"], 10)
        alert = alert_of(product)
        heartbeat = product.call("POST", "/heartbeats", {"name": "Job", "schedule": "every 1h"})
        ids = {"alert": alert["id"], "heartbeat": heartbeat["id"], "hourly": hourly["id"]}
        with product.database() as connection:
            seconds_until(
                lambda: (
                    connection.execute(
                        "SELECT count(*) FROM notifications"
                        " WHERE status = 'pending' AND alert_id = %(alert)s",
                        ids,
                    ).fetchone()
                    == (1,)
                ),
                10,
            )
            checks = connection.execute(CHECKS, ids).fetchone()
            for statement in DUE:
                assert connection.execute(statement, ids).rowcount == 1, statement
            expected = {
                "the next level is told": lambda: "alert.escalated" in heard(hook, "level-1"),
                "the reminder is sent": lambda: "alert.reminder" in heard(hook),
                "the delayed contact is told": lambda: "alert.fired" in heard(hook, "me"),
                "the heartbeat is missed": lambda: heard(hook).count("alert.fired") == 2,
                "the service is checked": (
                    lambda: connection.execute(CHECKS, ids).fetchone() != checks
                ),
            }
            missing = set(expected)

            def is_all_done() -> bool:
                missing.difference_update([name for name in missing if expected[name]()])
                return not missing

            with suppress(AssertionError):
                took = seconds_until(is_all_done, SECONDS)
            assert not missing, hook.requests
            assert took < SECONDS
