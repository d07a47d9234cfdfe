"""Rules, services and windows that are edited while an alert fires."""

import pytest

from app.domain.types import Certificate
from app.operations.maintenance import muting
from app.platform.clock import utcnow
from tests.alerting import (
    make_alert,
    make_channel,
    make_policy,
    make_rule,
    make_window,
    timeline_texts,
)
from tests.factories import make_service
from tests.recording import check, observe

SMTP = "smtp://127.0.0.1:25"


def seconds_to_next_try(rows):
    ((seconds,),) = rows("SELECT extract(epoch FROM next_try_at - now())::float FROM notifications")
    return seconds


def test_quiet_hours_that_are_removed_hold_nothing_any_more(alice, rows, fail):
    now = utcnow()
    end = f"{(now.hour + 6) % 24:02}:00"
    quiet = {"timezone": "UTC", "from": f"{now.hour:02}:00", "to": end}
    channel = make_channel(alice, quiet_hours=quiet)
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "warning"})
    fail()
    assert muting.release_deferred() == 0
    assert seconds_to_next_try(rows) > 3600
    alice.patch(f"/notification-channels/{channel['id']}", {"quiet_hours": None})
    assert muting.release_deferred() == 1
    assert seconds_to_next_try(rows) <= 0


def test_who_is_told_in_maintenance_of_a_raised_severity_hears_it_at_its_early_end(
    alice, rows, fail
):
    make_channel(alice, min_severity="critical")
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "warning"})
    fail()
    window = make_window(alice)
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "critical"})
    assert muting.release_deferred() == 0
    assert seconds_to_next_try(rows) > 3000
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert muting.release_deferred() == 1
    assert seconds_to_next_try(rows) <= 0


def test_reminders_follow_their_rule(alice, rows, fail):
    fail()
    (rule,) = alice.get("/alert-rules").json
    for minutes in (5, 60, None):
        path = f"/alert-rules/{rule['id']}"
        assert alice.patch(path, {"reminder_interval_minutes": minutes}).status_code == 200
        ((seconds,),) = rows(
            "SELECT extract(epoch FROM next_reminder_at - fired_at)::float FROM alerts"
        )
        assert seconds == (None if minutes is None else minutes * 60)


def expiring(now):
    return Certificate(
        subject="CN=shop.example",
        issuer="CN=CA",
        valid_from=now,
        valid_to=now,
        fingerprint_sha256="00" * 32,
        error=None,
    )


SIGHT = {
    "type": ({"check_type": "tcp", "endpoint": "shop.example:443"}, True),
    "endpoint": ({"endpoint": "http://shop.example/"}, True),
    "name": ({"name": "Shop"}, False),
}


@pytest.mark.parametrize(("edit", "ends"), SIGHT.values(), ids=SIGHT)
def test_an_alert_ends_that_no_check_could_end_any_more(alice, rows, connection, edit, ends):
    service = make_service(alice, endpoint="https://shop.example/")
    rule = make_rule(alice, name="Certificate", condition="ssl_days_remaining < 14")
    (down,) = (r for r in alice.get("/alert-rules").json if r["id"] != rule["id"])
    ids = [make_alert(connection, service, alert_rule_id=r["id"]) for r in (rule, down)]
    answer = alice.patch(f"/services/{service['id']}", edit)
    assert answer.status_code == 200, answer.text
    found = [alice.get(f"/alerts/{id}").json for id in ids]
    assert [alert["status"] for alert in found] == ["resolved" if ends else "firing", "firing"]
    if ends:
        assert timeline_texts(found[0], "resolved") == ["the service is checked in another way now"]


def due(rows, service):
    ((is_due,),) = rows(
        "SELECT next_due_at <= now() FROM schedule_entries WHERE service_id = %s", service["id"]
    )
    return is_due


@pytest.mark.parametrize("edit", ["window", "service", "services"])
def test_what_leaves_an_active_window_is_checked_at_once(context, alice, rows, edit):
    service = make_service(alice, tags=["web"], check_interval_seconds=3600)
    window = make_window(alice, tags=["web"])
    check(service, utcnow(), observe("R"))
    assert not due(rows, service)
    if edit == "window":
        path, change = f"/maintenance-windows/{window['id']}", {"tags": ["other"]}
    else:
        path, change = f"/services/{service['id']}", {"tags": []}
    if edit == "services":
        change = {"ids": [service["id"]], "action": "untag", "tags": ["web"]}
        answer = alice.post("/services/bulk", change)
    else:
        answer = alice.patch(path, change)
    assert answer.status_code == 200, answer.text
    assert due(rows, service)


@pytest.mark.parametrize("had_levels", [False, True])
def test_a_policy_named_while_an_alert_fires_escalates_it_once(alice, rows, fail, had_levels):
    line = {"level": 1, "notify_type": "user", "notify_id": str(alice.user_id)}
    first = make_policy(alice, name="First", rules=[line | {"delay_minutes": 5}])
    other = make_policy(alice, name="Other", rules=[line | {"delay_minutes": 9}])
    (rule,) = alice.get("/alert-rules").json
    path = f"/alert-rules/{rule['id']}"
    if had_levels:
        assert alice.patch(path, {"escalation_policy_id": first["id"]}).status_code == 200
    fail()
    for policy in (other, first):
        assert alice.patch(path, {"escalation_policy_id": policy["id"]}).status_code == 200
    expected = first if had_levels else other
    assert rows("SELECT policy_id::text, status FROM escalation_levels") == [
        (expected["id"], "pending")
    ]


def test_a_policy_named_for_a_service_while_it_fails_escalates_its_alert(alice, rows, fail):
    policy = make_policy(alice)
    alert = fail()
    path = f"/services/{alert['service_id']}"
    assert alice.patch(path, {"escalation_policy_id": policy["id"]}).status_code == 200
    assert rows("SELECT policy_id::text FROM escalation_levels") == [(policy["id"],)]


def test_a_policy_that_becomes_the_default_escalates_what_fires_without_one(alice, rows, fail):
    policies = [make_policy(alice, name=name) for name in ("First", "Second")]
    fail()
    for policy in policies:
        path = f"/escalation-policies/{policy['id']}"
        assert alice.patch(path, {"is_default": True}).status_code == 200
    levels = "SELECT policy_id::text FROM escalation_levels"
    assert rows(levels) == [(policies[0]["id"],)]  # what escalates already goes on by its own


def test_a_new_default_policy_escalates_what_fires_but_for_other_organizations(
    alice, charlie, rows, fail
):
    fail()
    make_policy(charlie, is_default=True)
    policy = make_policy(alice, is_default=True)
    assert rows("SELECT policy_id::text FROM escalation_levels") == [(policy["id"],)]
