"""Lateness, evaluated by the database's clock and never past the last proof that pings come in."""

import threading

import pytest

from app.operations.heartbeats import flips as heartbeat_flips
from app.operations.heartbeats import sweep as heartbeat_sweep
from tests.heartbeats import age, make_heartbeat, prove, sweep


@pytest.fixture
def heartbeat(alice):
    return make_heartbeat(alice, name="Backup", grace_period_seconds=60)


@pytest.fixture
def now(alice, heartbeat):
    return lambda: alice.get(f"/heartbeats/{heartbeat['id']}").json


@pytest.fixture
def alerts(alice):
    return lambda: alice.get("/alerts?status=all").json


@pytest.fixture
def channel(alice, rows):
    def make(events="{}", **columns):
        ((id,),) = rows(
            "INSERT INTO notification_channels (id, organization_id, name, type, config,"
            " is_enabled, min_severity, events, consecutive_failures) VALUES (gen_random_uuid(),"
            " %s, 'hook', 'webhook', '{\"url\": \"http://127.0.0.1:9/\"}', true, 'info', %s, 0)"
            " RETURNING id::text",
            alice.organization_id,
            events,
        )
        return id

    return make


@pytest.fixture
def outbox(rows):
    return lambda: rows(
        "SELECT kind, recipient_key, status FROM notifications ORDER BY created_at, kind"
    )


@pytest.fixture
def ping(client, heartbeat):
    def send(suffix=""):
        answer = client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}{suffix}")
        assert answer.status_code == 200

    return send


@pytest.mark.parametrize(
    ("minutes", "status", "fired"),
    [(59.9, "healthy", 0), (60.1, "late", 0), (60.9, "late", 0), (61.1, "missed", 1)],
)
def test_lateness(app, rows, heartbeat, now, alerts, minutes, status, fired):
    age(rows, heartbeat["id"], minutes=minutes)
    sweep(app, rows)
    assert now()["status"] == status
    assert len(alerts()) == fired


def test_a_missed_heartbeat_raises_one_alert(app, rows, heartbeat, now, alerts):
    age(rows, heartbeat["id"], minutes=61.5)
    for _ in range(3):
        sweep(app, rows)
    (alert,) = alerts()
    assert alert["heartbeat_id"] == heartbeat["id"]
    assert alert["service_id"] is None
    assert alert["alert_rule_id"] is None
    assert (alert["status"], alert["severity"]) == ("firing", "critical")
    assert alert["title"] == "Backup Missed Its Heartbeat"
    assert "No ping has ever come" in alert["message"]
    assert alert["reason"] == now()["status_reason"]
    assert rows("SELECT next_look_at FROM heartbeats") == [(None,)]


def test_a_ping_resolves_it(app, rows, heartbeat, now, alerts, ping, alice):
    age(rows, heartbeat["id"], minutes=90)
    sweep(app, rows)
    ping()
    assert now()["status"] == "healthy", "at once"
    sweep(app, rows)
    (alert,) = alerts()
    assert alert["status"] == "resolved"
    assert alert["resolved_by"] is None
    timeline = alice.get(f"/alerts/{alert['id']}").json["timeline"]
    assert [line["kind"] for line in timeline] == ["fired", "untold", "resolved"]
    flips = alice.get(f"/heartbeats/{heartbeat['id']}/flips").json
    assert [(f["from"], f["to"]) for f in flips] == [("missed", "healthy"), ("healthy", "missed")]


def test_a_failure_raises_an_alert_too(app, rows, alerts, ping):
    ping("/3")
    sweep(app, rows)
    (alert,) = alerts()
    assert alert["title"] == "Backup Failed"
    assert alert["message"] == "The job ended with exit status 3."
    ping("/fail")
    sweep(app, rows)
    assert len(alerts()) == 1
    ping("/0")
    sweep(app, rows)
    assert [a["status"] for a in alerts()] == ["resolved"]


def test_a_failure_while_missed_stands_on_the_timeline(app, rows, heartbeat, alerts, ping, alice):
    age(rows, heartbeat["id"], minutes=90)
    sweep(app, rows)
    ping("/9")
    sweep(app, rows)
    (alert,) = alerts()
    assert alert["status"] == "firing"
    timeline = alice.get(f"/alerts/{alert['id']}").json["timeline"]
    assert timeline[-1]["kind"] == "failed"
    assert "exit status 9" in timeline[-1]["text"]


def test_changes_between_two_sweeps_are_told_in_their_order(
    app, rows, alerts, ping, channel, outbox
):
    channel()
    for suffix in ("/fail", "", "/fail", "", "/fail"):
        ping(suffix)
    sweep(app, rows)
    assert sorted(a["status"] for a in alerts()) == ["firing", "resolved", "resolved"]
    kinds = [(kind, status) for kind, _, status in outbox()]
    assert kinds.count(("alert.fired", "pending")) == 1
    assert kinds.count(("alert.fired", "cancelled")) == 2
    assert kinds.count(("alert.resolved", "pending")) == 2


def test_resolved_by_hand_stays_so_until_it_was_well_once(app, rows, alice, alerts, ping):
    ping("/fail")
    sweep(app, rows)
    alice.post(f"/alerts/{alerts()[0]['id']}/resolve", {})
    ping("/fail")
    sweep(app, rows)
    assert [a["status"] for a in alerts()] == ["resolved"]
    ping()
    ping("/fail")
    sweep(app, rows)
    assert sorted(a["status"] for a in alerts()) == ["firing", "resolved"]


def test_its_channels_are_told_and_others_are_not(app, rows, alice, heartbeat, channel, outbox):
    mine, other = channel(), channel()
    alice.patch(f"/heartbeats/{heartbeat['id']}", {"notification_channel_ids": [mine]})
    age(rows, heartbeat["id"], minutes=90)
    sweep(app, rows)
    assert outbox() == [("alert.fired", f"channel:{mine}", "pending")]
    assert other


def test_channels_may_hear_of_heartbeats_as_such(app, rows, heartbeat, channel, outbox, ping):
    listener = channel("{heartbeat.missed,heartbeat.recovered}")
    age(rows, heartbeat["id"], minutes=90)
    sweep(app, rows)
    ping()
    sweep(app, rows)
    assert [row[:2] for row in outbox()] == [
        ("heartbeat.missed", f"channel:{listener}"),
        ("heartbeat.recovered", f"channel:{listener}"),
    ]
    ((message,),) = rows("SELECT message FROM notifications WHERE kind = 'heartbeat.missed'")
    assert message["heartbeat"]["name"] == "Backup"
    assert heartbeat["unique_key"] not in str(message)


def test_an_escalation_policy_is_followed(app, rows, alice, heartbeat, channel):
    target = channel("{alert.escalated}")
    ((policy,),) = rows(
        "INSERT INTO escalation_policies (id, organization_id, name, rules, repeat_count,"
        " is_default) VALUES (gen_random_uuid(), %s, 'p', jsonb_build_array(jsonb_build_object("
        "'level', 1, 'delay_minutes', 5, 'notify_type', 'channel', 'notify_id', %s::text)), 0,"
        " false) RETURNING id::text",
        alice.organization_id,
        target,
    )
    alice.patch(f"/heartbeats/{heartbeat['id']}", {"escalation_policy_id": policy})
    age(rows, heartbeat["id"], minutes=90)
    sweep(app, rows)
    assert rows("SELECT level, status FROM escalation_levels") == [(1, "pending")]


def test_pause_and_delete_resolve_what_is_open(
    app, rows, alice, heartbeat, alerts, outbox, channel
):
    channel()
    age(rows, heartbeat["id"], minutes=90)
    sweep(app, rows)
    rows("UPDATE notifications SET status = 'sent'")
    alice.post(f"/heartbeats/{heartbeat['id']}/pause")
    sweep(app, rows)
    assert [a["status"] for a in alerts()] == ["resolved"]
    alice.post(f"/heartbeats/{heartbeat['id']}/resume")
    age(rows, heartbeat["id"], minutes=90)
    sweep(app, rows)
    rows("UPDATE notifications SET status = 'sent'")
    alice.delete(f"/heartbeats/{heartbeat['id']}")
    assert alerts() == []
    assert [row[::2] for row in outbox()] == [("alert.resolved", "pending")], (
        "whoever was told hears of the end, although the alert is gone"
    )


def test_a_run_past_its_time(app, rows, alice, client, alerts):
    heartbeat = make_heartbeat(alice, schedule="every 1d", max_runtime_seconds=600)
    client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}/start")
    age(rows, heartbeat["id"], minutes=9)
    sweep(app, rows)
    assert alerts() == []
    age(rows, heartbeat["id"], minutes=2)
    sweep(app, rows)
    assert alerts()[0]["reason"] == "a run has not ended within 600 s"


def test_two_sweeps_at_once_raise_one_alert_each(app, rows, alice):
    made = [make_heartbeat(alice, name=f"Job {n}") for n in range(12)]
    for heartbeat in made:
        age(rows, heartbeat["id"], hours=2)
    prove(rows)
    barrier = threading.Barrier(3)

    def run():
        with app.app_context():
            barrier.wait()
            heartbeat_sweep.sweep()
            heartbeat_flips.handle()
            heartbeat_flips.handle()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows("SELECT count(*), count(DISTINCT heartbeat_id) FROM alerts") == [(12, 12)]
    assert rows("SELECT count(*) FROM heartbeat_flips WHERE NOT is_handled") == [(0,)]


def test_a_kill_between_flip_and_alert_loses_nothing(app, rows, heartbeat, alerts):
    age(rows, heartbeat["id"], minutes=90)
    prove(rows)
    with app.app_context():
        heartbeat_sweep.sweep()
        assert alerts() == []
        assert heartbeat_sweep.due_for_seconds() is not None
        heartbeat_flips.handle()
    assert len(alerts()) == 1


def test_pings_put_off_the_look_lazily(app, rows, heartbeat, ping, now):
    first = rows("SELECT next_look_at FROM heartbeats")
    age(rows, heartbeat["id"], minutes=30)
    ping()
    ((look, expected),) = rows("SELECT next_look_at, next_expected_at FROM heartbeats")
    assert look < expected
    assert first
    age(rows, heartbeat["id"], minutes=31)
    sweep(app, rows)
    ((look, expected),) = rows("SELECT next_look_at, next_expected_at FROM heartbeats")
    assert look == expected
    assert now()["status"] == "healthy"


def test_what_is_held_and_what_flaps_is_due_for_as_long(app, rows, heartbeat, alerts):
    age(rows, heartbeat["id"], minutes=90)
    prove(rows)
    with app.app_context():
        heartbeat_sweep.sweep()
        heartbeat_flips.handle()
        assert len(alerts()) == 1
        assert heartbeat_sweep.due_for_seconds() is None
        rows("UPDATE alerts SET is_flapping = true")
        assert heartbeat_sweep.due_for_seconds() == 0
        rows("UPDATE alerts SET is_flapping = false")
        rows("UPDATE heartbeat_flips SET is_held = true")
        assert heartbeat_sweep.due_for_seconds() == 0
