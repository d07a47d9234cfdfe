"""The end of a snooze: what still fails is told again."""

import pytest

from app.operations.alerts import snoozes
from tests.alert_messages import ALERT, PENDING, sent
from tests.alerting import latest_alert, make_channel, make_window, timeline_texts
from tests.event_messages import at_once


@pytest.fixture
def snoozed(alice, rows, see, act, delayed):
    """An alert that was told and is snoozed for half an hour."""
    channel = make_channel(alice)
    see("R")
    first, _ = delayed
    sent(rows, first, f"channel:{channel['id']}")
    act("snooze", minutes=30)
    return {**delayed, f"channel:{channel['id']}": "channel"}


def end_snooze(rows):
    rows("UPDATE alerts SET snoozed_until = now() WHERE snoozed_until IS NOT NULL")
    return snoozes.end_due()


def told_again(rows, names):
    found = rows(
        "SELECT recipient_key, next_try_at > now() FROM notifications"
        " WHERE kind = 'alert.reminder' AND status = 'pending'"
    )
    return sorted((names[key], is_later) for key, is_later in found)


def test_what_still_fails_after_its_snooze_is_told_again(alice, rows, snoozed):
    assert snoozes.end_due() == 0
    assert end_snooze(rows) == 1
    assert told_again(rows, snoozed) == [("channel", False), ("first", False), ("late", True)]
    assert end_snooze(rows) == 0
    alert = alice.get(f"/alerts/{rows(ALERT)[0][0]}").json
    assert alert["snoozed_until"] is None
    assert alert["timeline"][-1]["kind"] == "snooze_ended"


def switch_on(alice, channel_id):
    alice.patch(f"/notification-channels/{channel_id}", {"is_enabled": False})
    alice.patch(f"/notification-channels/{channel_id}", {"is_enabled": True})


def raise_severity(alice, channel_id):
    (rule,) = alice.get("/alert-rules").json
    for severity in ("warning", "critical"):
        alice.patch(f"/alert-rules/{rule['id']}", {"severity": severity})


@pytest.mark.parametrize("edit", [switch_on, raise_severity])
def test_who_would_be_told_only_now_is_told_at_its_end(alice, rows, snoozed, edit):
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "warning"})
    late = make_channel(alice, name="Late", min_severity="critical")["id"]
    alice.patch(f"/alert-rules/{rule['id']}", {"severity": "critical"})
    edit(alice, late)
    told = ("SELECT kind FROM notifications WHERE recipient_key = %s", f"channel:{late}")
    assert rows(*told) == []
    assert end_snooze(rows) == 1
    assert rows(*told) == [("alert.reminder",)]


def test_nobody_is_told_meanwhile_that_the_service_flaps(alice, rows, see):
    make_channel(alice)
    for _ in range(12):
        see("R")
        rows("UPDATE notifications SET status = 'sent', attempts = 1 WHERE status = 'pending'")
        (alert,) = alice.get("/alerts").json
        if alert["is_flapping"]:
            break
        assert alice.post(f"/alerts/{alert['id']}/snooze", {"minutes": 30}).status_code == 200
        see("G")
    assert alert["is_flapping"]
    flapping = "SELECT kind FROM notifications WHERE alert_id = %s AND step > 0"
    assert rows(flapping, alert["id"]) == []
    assert end_snooze(rows) == 1
    assert rows(flapping, alert["id"]) == [("alert.reminder",)]


def test_one_that_recovered_meanwhile_is_not(rows, see, snoozed):
    see("G")
    assert end_snooze(rows) == 0
    assert told_again(rows, snoozed) == []


def test_one_that_somebody_has_taken_on_is(rows, act, snoozed):
    act("acknowledge")
    assert end_snooze(rows) == 1
    assert ("channel", False) in told_again(rows, snoozed)


def test_a_snooze_that_ends_in_maintenance_ends_with_it(alice, rows, snoozed):
    window = make_window(alice)
    assert end_snooze(rows) == 0
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert end_snooze(rows) == 1


def test_a_channel_that_hears_of_firings_only_is_told_of_one(alice, rows, see, act, context):
    make_channel(alice, events=["alert.fired", "alert.resolved"])
    see("R")
    sent(rows)
    act("snooze", minutes=1)
    assert end_snooze(rows) == 1
    assert [kind for kind, _, _ in rows(PENDING)] == ["alert.fired", "alert.fired"]


def test_ticks_at_once_tell_once(alice, rows, snoozed, app):
    rows("UPDATE alerts SET snoozed_until = now()")
    at_once(app, snoozes.end_due)
    assert len(told_again(rows, snoozed)) == 3


def test_a_snooze_can_be_ended_before_its_time(alice, rows, snoozed):
    path = f"/alerts/{rows(ALERT)[0][0]}/snooze"
    alert = alice.delete(path)
    assert alert.status_code == 200
    assert alert.json["snoozed_until"] is None
    assert alert.json["timeline"][-1]["kind"] == "snooze_ended"
    assert alert.json["timeline"][-1]["actor"]
    assert told_again(rows, snoozed) == [("channel", False), ("first", False), ("late", True)]
    assert alice.delete(path).json["timeline"] == alert.json["timeline"]
    assert end_snooze(rows) == 0


def test_a_snooze_ended_by_hand_in_maintenance_is_told_after_it(alice, rows, snoozed):
    window = make_window(alice)
    assert alice.delete(f"/alerts/{rows(ALERT)[0][0]}/snooze").status_code == 200
    assert snoozes.end_due() == 0
    assert told_again(rows, snoozed) == []
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert snoozes.end_due() == 1


def test_only_an_open_alert_of_ones_own_has_a_snooze_to_end(alice, charlie, rows, see, snoozed):
    path = f"/alerts/{rows(ALERT)[0][0]}/snooze"
    assert charlie.delete(path).status_code == 404
    see("G")
    assert alice.delete(path).status_code == 409


def test_the_end_of_a_snooze_reaches_the_owners_where_nobody_else_is_left(
    alice, rows, fail, act, configure
):
    configure(smtp_url="smtp://127.0.0.1:25")
    channel = make_channel(alice)
    fail()
    sent(rows)
    act("snooze", minutes=30)
    assert (
        alice.patch(f"/notification-channels/{channel['id']}", {"is_enabled": False}).status_code
        == 200
    )
    assert end_snooze(rows) == 1
    told = [(kind, key, status) for kind, key, status in rows(PENDING) if status == "pending"]
    assert told == [("alert.fired", f"user:{alice.user_id}:owner", "pending")]
    (why,) = timeline_texts(latest_alert(alice), "untold")
    assert why == "Ops is switched off; the owners are told by mail"
