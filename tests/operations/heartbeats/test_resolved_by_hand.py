"""Alerts of heartbeats that people resolve while the job is still missed or has failed."""

import pytest

from tests.alerting import make_channel, make_window, timeline_texts
from tests.heartbeats import age, make_heartbeat, sweep

HOUR = 61.5  # minutes: `every 1h`, and a minute of grace


@pytest.fixture
def heartbeat(alice):
    make_channel(alice)
    return make_heartbeat(alice, name="Backup", grace_period_seconds=60)


@pytest.fixture
def after(app, rows, heartbeat):
    def after(minutes):
        age(rows, heartbeat["id"], minutes=minutes)
        sweep(app, rows)
        sweep(app, rows)

    return after


@pytest.fixture
def ping(client, heartbeat):
    def ping(suffix=""):
        path = f"/api/v1/heartbeat/{heartbeat['unique_key']}{suffix}"
        assert client.post(path).status_code == 200

    return ping


@pytest.fixture
def resolve(alice, after):
    def resolve():
        (alert,) = alice.get("/alerts").json
        assert alice.post(f"/alerts/{alert['id']}/resolve", {}).status_code == 200
        after(0)
        assert alice.get("/alerts").json == []

    return resolve


@pytest.fixture
def alerts(alice):
    return lambda: alice.get("/alerts?status=all").json


@pytest.fixture
def now(alice, heartbeat):
    return lambda: alice.get(f"/heartbeats/{heartbeat['id']}").json


def test_the_next_time_that_is_missed_is_told(after, resolve, alerts, now):
    after(HOUR)
    for told in (1, 2, 3):
        assert (len(alerts()), now()["status"]) == (told, "missed")
        resolve()
        after(HOUR - 2)
        assert len(alerts()) == told, "it was to come within the hour"
        after(2)
    assert alerts()[0]["title"] == "Backup Missed Its Heartbeat"


@pytest.mark.parametrize("first", ["miss", "fail"])
def test_a_failure_since_is_told(after, resolve, alerts, ping, first):
    after(HOUR) if first == "miss" else ping("/fail")
    after(0)
    after(1)
    resolve()
    after(1)
    assert len(alerts()) == 1
    ping("/3")
    after(0)
    assert len(alerts()) == 2
    assert alerts()[0]["title"] == "Backup Failed"
    assert "exit status 3" in alerts()[0]["message"]


def test_a_failure_before_it_is_not_told_again(after, resolve, alerts, ping):
    for _ in range(3):
        ping("/fail")
        after(1)
    resolve()
    after(1)
    assert len(alerts()) == 1


def test_a_job_that_failed_and_does_not_come_is_told(after, resolve, alerts, ping, now):
    ping("/fail")
    after(0)
    resolve()
    after(HOUR)
    assert (len(alerts()), now()["status"]) == (2, "missed")


def test_one_that_comes_is_well(after, resolve, alerts, ping, now):
    after(HOUR)
    resolve()
    after(30)
    ping()
    after(HOUR - 10)
    assert (len(alerts()), now()["status"]) == (1, "healthy")


def test_a_run_that_has_started_may_take_its_time(after, resolve, alerts, ping, now):
    after(HOUR)
    resolve()
    after(50)
    ping("/start")
    after(30)
    assert len(alerts()) == 1
    after(40)
    assert (len(alerts()), now()["status"]) == (2, "missed")


def test_an_edit_of_the_schedule_keeps_it_awaited(alice, after, resolve, alerts, ping, heartbeat):
    ping("/fail")
    after(0)
    resolve()
    path = f"/heartbeats/{heartbeat['id']}"
    assert alice.patch(path, {"grace_period_seconds": 120}).status_code == 200
    after(HOUR + 1)
    assert len(alerts()) == 2


def test_what_is_missed_in_maintenance_is_told_at_its_end(alice, after, resolve, alerts):
    after(HOUR)
    resolve()
    window = make_window(alice)
    after(HOUR)
    assert len(alerts()) == 1
    assert alice.post(f"/maintenance-windows/{window['id']}/end").status_code == 200
    after(0)
    assert len(alerts()) == 2


def test_an_alert_that_stands_is_not_told_again(after, alerts, ping, alice):
    ping("/fail")
    after(0)
    for _ in range(3):
        ping("/fail")
        after(HOUR)
    (alert,) = alerts()
    assert timeline_texts(alice.get(f"/alerts/{alert['id']}").json, "missed") == []
