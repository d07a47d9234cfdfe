"""Heartbeats in maintenance: nothing is told inside, and what is still down is told at its end."""

import pytest

from app.operations.maintenance import muting
from tests.alerting import make_window
from tests.event_messages import kinds
from tests.heartbeats import age, make_heartbeat, sweep

EVENTS = ["alert.fired", "alert.resolved", "heartbeat.missed", "heartbeat.recovered"]


@pytest.fixture
def heartbeat(alice):
    alice.post(
        "/notification-channels",
        {
            "name": "hook",
            "type": "webhook",
            "config": {"url": "http://127.0.0.1:9/"},
            "events": EVENTS,
        },
    )
    return make_heartbeat(alice, name="Backup", grace_period_seconds=60, tags=["nightly"])


@pytest.fixture
def miss(app, rows, heartbeat):
    def miss():
        age(rows, heartbeat["id"], minutes=90)
        sweep(app, rows)

    return miss


@pytest.fixture
def ping(client, heartbeat):
    return lambda suffix="": client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}{suffix}")


ENDS = {
    "ended": lambda alice, window: alice.post(f"/maintenance-windows/{window['id']}/end"),
    "deleted": lambda alice, window: alice.delete(f"/maintenance-windows/{window['id']}"),
}


@pytest.mark.parametrize("scope", [{}, {"tags": ["nightly"]}])
@pytest.mark.parametrize("how", ENDS)
def test_a_miss_that_outlasts_the_window_is_told_at_its_end(
    app, alice, rows, heartbeat, miss, scope, how
):
    window = make_window(alice, **scope)
    miss()
    assert alice.get(f"/heartbeats/{heartbeat['id']}").json["status"] == "missed"
    assert alice.get("/alerts").json == []
    sweep(app, rows)
    assert kinds(rows) == []
    ENDS[how](alice, window)
    sweep(app, rows)
    sweep(app, rows)
    (alert,) = alice.get("/alerts").json
    assert alert["title"] == "Backup Missed Its Heartbeat"
    assert sorted(kinds(rows)) == ["alert.fired", "heartbeat.missed"]


def test_a_miss_that_is_over_before_the_window_is_never_told(
    app, alice, rows, heartbeat, miss, ping
):
    window = make_window(alice)
    miss()
    ping()
    sweep(app, rows)
    ENDS["ended"](alice, window)
    sweep(app, rows)
    assert alice.get("/alerts?status=all").json == []
    assert kinds(rows) == []
    assert [flip["to"] for flip in alice.get(f"/heartbeats/{heartbeat['id']}/flips").json] == [
        "healthy",
        "missed",
    ]


def test_a_failure_after_a_miss_is_what_is_told(app, alice, rows, heartbeat, miss, ping):
    window = make_window(alice)
    miss()
    ping("/fail")
    sweep(app, rows)
    ENDS["ended"](alice, window)
    sweep(app, rows)
    (alert,) = alice.get("/alerts").json
    assert alert["title"] == "Backup Failed"


def test_a_window_for_services_leaves_heartbeats_alone(app, alice, rows, heartbeat, miss):
    make_window(alice, tags=["other"])
    miss()
    assert len(alice.get("/alerts").json) == 1


@pytest.mark.parametrize("how", ENDS)
def test_a_recovery_inside_is_told_at_the_end(app, alice, rows, miss, ping, how):
    miss()
    rows("UPDATE notifications SET status = 'sent', attempts = 1 WHERE kind = 'alert.fired'")
    window = make_window(alice)
    ping()
    sweep(app, rows)
    assert alice.get("/alerts").json == []
    waits = "SELECT next_try_at > now() FROM notifications WHERE kind = 'alert.resolved'"
    assert rows(waits) == [(True,)]
    with app.app_context():
        assert muting.release_deferred() == 0
        ENDS[how](alice, window)
        assert muting.release_deferred() == 1
    assert rows(waits) == [(False,)]
