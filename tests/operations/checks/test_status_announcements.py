"""Changes of status, told to the channels that want them: once each, and none that is no news."""

from datetime import timedelta

import pytest

from app.operations.checks import status_announcements
from app.platform.clock import utcnow
from tests.alerting import make_alert, make_window
from tests.event_messages import (
    at_once,
    check,
    claim,
    kinds,
    listen,
    planned,
    record,
    status_messages,
)
from tests.factories import make_service

EVENT = "service.status_changed"


@pytest.fixture
def listener(alice):
    return listen(alice, EVENT)


@pytest.fixture
def shop(alice):
    return make_service(alice, check_interval_seconds=60)


@pytest.fixture
def see(app, rows):
    def see(*statuses, region="default"):
        for status in statuses:
            check(app, rows, status, region=region)

    return see


@pytest.fixture
def tick(app):
    def tick():
        with app.app_context():
            return status_announcements.catch_up()

    return tick


@pytest.fixture
def sent(rows):
    return lambda: status_messages(rows)


@pytest.fixture
def later(rows):
    """Let changes of status be long past, so that they do not count as flapping."""

    def later():
        rows("UPDATE status_changes SET at = at - interval '1 day'")

    return later


def test_changes_are_told_and_the_first_green_is_not(listener, shop, see, sent, rows):
    see("GREEN", "GREEN")
    assert sent() == []
    see("RED", "RED", "GREEN", "YELLOW")
    assert sent() == ["GREEN>RED critical", "RED>GREEN info", "GREEN>YELLOW warning"]
    ((message,),) = rows("SELECT message FROM notifications ORDER BY created_at LIMIT 1")
    assert message["reason"] == "connection refused"
    assert message["service"]["id"] == shop["id"]
    assert "config" not in message["service"]


def test_a_new_service_that_fails_is_news(listener, shop, see, sent):
    see("RED")
    assert sent() == [">RED critical"]


def test_thresholds_are_respected(alice, listener, see, sent):
    make_service(alice, failure_threshold=3)
    see("GREEN", "RED", "RED")
    assert sent() == []
    see("RED")
    assert sent() == ["GREEN>RED critical"]


def test_nobody_listens(app, alice, shop, see, rows, monkeypatch):
    listen(alice, "alert.fired", "ssl.expiring")
    disabled = listen(alice, EVENT)
    alice.patch(f"/notification-channels/{disabled}", {"is_enabled": False})

    def asked(*_args):
        raise AssertionError("a question to the database")

    monkeypatch.setattr(status_announcements, "_withheld", asked)
    monkeypatch.setattr(status_announcements, "_flapping", asked)
    see("GREEN", "RED", "GREEN")
    assert EVENT not in kinds(rows)


def test_a_channel_that_begins_to_listen_hears_the_next_change(alice, shop, see, sent):
    channel = listen(alice, "alert.fired")
    see("GREEN", "RED")
    assert sent() == []
    alice.patch(f"/notification-channels/{channel}", {"events": [EVENT]})
    see("GREEN")
    assert sent() == ["RED>GREEN info"]
    alice.delete(f"/notification-channels/{channel}")
    see("RED")
    assert sent() == ["RED>GREEN info"], "what was sent stays on record, nothing is added"


def test_severity_decides(alice, shop, see, rows):
    listen(alice, EVENT, min_severity="critical")
    see("GREEN", "YELLOW", "RED", "GREEN")
    assert planned(rows)[0][:2] == (EVENT, "critical")
    assert len(planned(rows)) == 1


def test_blindness_is_no_news_and_what_changed_meanwhile_is(listener, shop, see, sent, rows):
    see("GREEN", "UNKNOWN", "UNKNOWN", "GREEN")
    assert sent() == []
    see("UNKNOWN", "RED")
    assert sent() == ["GREEN>RED critical"]
    see("UNKNOWN", "GREEN")
    assert sent() == ["GREEN>RED critical", "RED>GREEN info"]
    assert rows("SELECT count(*) FROM status_holds") == [(0,)]


def test_maintenance_keeps_still_and_what_outlasts_it_is_told(
    alice, listener, shop, see, sent, tick
):
    see("GREEN")
    window = make_window(alice, service_ids=[shop["id"]])
    see("RED")
    assert (tick(), sent()) == (0, [])
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert (tick(), sent()) == (1, ["GREEN>RED critical"])
    assert (tick(), sent()) == (0, ["GREEN>RED critical"])
    see("GREEN")
    assert sent()[1:] == ["RED>GREEN info"]


def test_what_came_and_went_in_maintenance_is_never_told(alice, listener, shop, see, sent, tick):
    see("GREEN")
    window = make_window(alice, service_ids=[shop["id"]])
    see("RED", "GREEN")
    alice.post(f"/maintenance-windows/{window['id']}/end")
    tick()
    see("GREEN")
    assert sent() == []


def test_maintenance_of_others_changes_nothing(alice, listener, shop, see, sent):
    other = make_service(alice, name="Other")
    make_window(alice, service_ids=[other["id"]])
    see("GREEN", "RED")
    assert sent() == ["GREEN>RED critical"]


def test_flapping_falls_silent_until_it_is_over(
    alice, listener, shop, see, sent, tick, later, rows
):
    for rule in alice.get("/alert-rules").json:  # also without an alert that says so
        alice.delete(f"/alert-rules/{rule['id']}")
    see("GREEN", *["RED", "GREEN"] * 6)
    assert sent() == ["GREEN>RED critical", "RED>GREEN info"] * 2 + ["GREEN>RED critical"]
    assert rows("SELECT told_status, is_flapping FROM status_holds") == [("RED", True)]
    assert tick() == 0
    later()
    assert (tick(), sent()[5:]) == (1, ["RED>GREEN info"])
    assert rows("SELECT count(*) FROM status_holds") == [(0,)]
    see("RED")
    assert sent()[6:] == ["GREEN>RED critical"]


def test_nothing_is_told_while_an_alert_flaps(
    alice, connection, listener, shop, see, sent, tick, rows
):
    see("GREEN")
    alert = make_alert(connection, shop, is_flapping=True)
    see("RED")
    assert (tick(), sent()) == (0, [])
    rows("UPDATE alerts SET status = 'resolved' WHERE id = %s", alert)
    rows("UPDATE alerts SET is_flapping = false")
    assert (tick(), sent()) == (1, ["GREEN>RED critical"])


def test_a_paused_service_is_not_caught_up_with(alice, listener, shop, see, sent, tick):
    see("GREEN")
    window = make_window(alice)
    see("RED")
    alice.post(f"/maintenance-windows/{window['id']}/end")
    alice.post(f"/services/{shop['id']}/pause")
    assert (tick(), sent()) == (0, [])
    alice.post(f"/services/{shop['id']}/resume")
    assert (tick(), sent()) == (1, ["GREEN>RED critical"])


def test_holds_go_when_nobody_listens_any_more(alice, listener, shop, see, sent, tick, rows):
    see("GREEN")
    window = make_window(alice)
    see("RED")
    alice.delete(f"/notification-channels/{listener}")
    alice.post(f"/maintenance-windows/{window['id']}/end")
    tick()
    assert sent() == []
    assert rows("SELECT count(*) FROM status_holds") == [(0,)]


def test_ticks_at_once_catch_up_once(app, alice, listener, see, sent, tick, rows):
    rows("UPDATE organizations SET max_services = 100")
    for number in range(6):
        make_service(alice, name=f"Shop {number}")
    see("GREEN")
    window = make_window(alice)
    see("RED")
    alice.post(f"/maintenance-windows/{window['id']}/end")
    at_once(app, tick)
    assert sent() == ["GREEN>RED critical"] * 6


def test_a_check_and_a_tick_at_once(app, alice, listener, shop, see, sent, tick, rows):
    see("GREEN")
    window = make_window(alice)
    see("RED")
    alice.post(f"/maintenance-windows/{window['id']}/end")
    claimed = claim(app, rows)
    turns = iter([lambda: record(app, claimed, "GREEN"), tick, tick])
    at_once(app, lambda: next(turns)(), times=3)
    tick()
    assert sent() in ([], ["GREEN>RED critical", "RED>GREEN info"]), "in the order of the changes"


def test_a_late_twin_tells_nothing(app, listener, shop, see, sent, rows):
    see("GREEN")
    first = claim(app, rows)
    rows("UPDATE schedule_entries SET lease_until = now() - interval '1 second'")
    turns = iter([first, claim(app, rows), first])
    at_once(app, lambda: record(app, next(turns), "RED"), times=3)
    assert sent() == ["GREEN>RED critical"]


def test_quiet_hours_hold_back_a_green(alice, shop, see, rows):
    now = utcnow()
    quiet = {
        "timezone": "UTC",
        "from": f"{now - timedelta(hours=1):%H:%M}",
        "to": f"{now + timedelta(hours=2):%H:%M}",
    }
    listen(alice, EVENT, quiet_hours=quiet)
    see("GREEN", "RED", "GREEN")
    held = rows("SELECT next_try_at > now() FROM notifications ORDER BY created_at")
    assert held == [(False,), (True,)]


def test_a_batch_that_fails_tells_nothing(app, listener, shop, see, sent, rows, monkeypatch):
    see("GREEN")

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(status_announcements, "_enqueue", killed)
        with pytest.raises(KeyboardInterrupt):
            see("RED")
    assert sent() == []
    assert rows("SELECT status FROM services") == [("GREEN",)]
    rows("UPDATE schedule_entries SET lease_until = NULL")
    see("RED")
    assert sent() == ["GREEN>RED critical"]
