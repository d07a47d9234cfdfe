"""The monitor says that it is ill: what is late, to whom, and by which way that still works."""

import json
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from app.api import health
from app.operations.self_monitoring import lateness
from app.platform.clock import utcnow
from app.platform.transaction import transaction
from tests.alerting import make_alert, make_channel, make_notification
from tests.factories import make_service
from tests.heartbeats import age, make_heartbeat, prove
from tests.receivers import HttpReceiver
from workers import health_watch
from workers.health_watch import HealthWatch


@pytest.fixture
def operator(alice, rows):
    rows("UPDATE users SET is_operator = true WHERE id = %s", alice.user_id)
    return alice


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(health, "_known", {})


def overdue(rows):
    rows("UPDATE schedule_entries SET next_due_at = now() - interval '5 minutes'")


def parts(app):
    with app.app_context(), transaction() as tx:
        return [one.part for one in lateness.late(tx)]


def test_nothing_is_late_where_all_goes_well(app, alice):
    make_service(alice)
    assert parts(app) == []
    assert "late" not in alice.app.test_client().get("/ready").json


def test_results_that_are_not_stored_are_late_whoever_is_to_blame(app, alice, rows):
    make_service(alice)
    overdue(rows)
    # A worker that is alive and has the check in hand changes nothing.
    rows("UPDATE schedule_entries SET lease_until = now() + interval '1 hour'")
    assert parts(app) == ["results"]
    answer = app.test_client().get("/ready")
    assert answer.status_code == 200
    assert answer.json["degraded"] == ["results"]
    (late,) = answer.json["late"]
    assert "disk" in late["advice"]
    assert late["since"] < utcnow().isoformat()


def test_a_paused_service_is_not_late(app, alice, rows):
    service = make_service(alice)
    alice.post(f"/services/{service['id']}/pause")
    assert parts(app) == []


def make_waiting(alice, connection, minutes=5, **changes):
    channel = make_channel(alice)
    return make_notification(
        connection,
        alice.organization_id,
        alert_id=make_alert(connection, make_service(alice)),
        channel_id=channel["id"],
        recipient_key=f"channel:{channel['id']}",
        subject_key="alert:1",
        status="pending",
        attempts=0,
        next_try_at=utcnow() - timedelta(minutes=minutes),
        **changes,
    )


def test_messages_that_nobody_takes_are_late(app, alice, connection, rows):
    make_waiting(alice, connection)
    assert parts(app) == ["deliveries"]
    rows("UPDATE notification_channels SET paused_until = now() + interval '1 minute'")
    assert parts(app) == [], "a channel that rests is not ours to hurry"


def test_heartbeats_and_jobs_that_do_not_run_are_late(app, alice, rows):
    beat = make_heartbeat(alice)
    age(rows, beat["id"], hours=2)
    prove(rows)
    for job in ("workers.escalations.advance", "workers.metrics.freeze", "of another release"):
        rows("INSERT INTO tick_runs (job, finished_at) VALUES (%s, now() - interval '1 day')", job)
    assert parts(app) == ["sweeps", "escalations", "roll-ups"]


def test_the_operators_get_one_alert_and_its_end(app, operator, rows, health_watch_of):
    make_service(operator)
    overdue(rows)
    watch = health_watch_of()
    watch.look()
    assert operator.get("/alerts").json == [], "a start takes a moment"
    watch.look()
    watch.look()
    health_watch_of().look()
    (alert,) = operator.get("/alerts").json
    assert alert["title"] == "The monitor is behind"
    assert "results of 1 checks have not been stored" in alert["message"]
    rows("UPDATE schedule_entries SET next_due_at = now()")
    watch.look()
    assert operator.get("/alerts").json == []


class ReadOnly:
    """As on a full disk: what only reads goes on, what writes fails."""

    def __init__(self, monkeypatch):
        def refuse(*_):
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")

        monkeypatch.setattr(health_watch.operator_alerts, "update", refuse)


def test_on_a_full_disk_they_are_told_straight_through_what_still_works(
    app, operator, charlie, rows, monkeypatch, caplog
):
    make_service(operator)
    with HttpReceiver() as ours, HttpReceiver() as stranger:
        make_channel(operator, config={"webhook_url": ours.url})
        make_channel(charlie, config={"webhook_url": stranger.url})
        overdue(rows)
        ReadOnly(monkeypatch)
        # In the product there are two of them, in two processes: one of them tells.
        with closing(HealthWatch(app)) as watch, closing(HealthWatch(app)) as other:
            for _ in range(4):
                watch.look()
                other.look()
            (request,) = ours.requests
            monkeypatch.undo()
            rows("UPDATE schedule_entries SET next_due_at = now()")
            watch.look()
            other.look()
            (_, ended) = ours.requests
        assert "[RESOLVED] AlertifyPro itself" in ended.body.decode(), "no page stays open"
        assert stranger.requests == []
    told = json.dumps(json.loads(request.body))
    assert "The monitor is behind" in told
    assert "have not been stored" in told
    assert "disk is not full" in told
    assert "the monitor is behind" in caplog.text


def test_they_are_told_before_anything_is_written_to_a_log(app, operator, rows, monkeypatch):
    """On a disk that does not answer, whoever writes to a log waits for it."""
    make_service(operator)
    with HttpReceiver() as ours:
        make_channel(operator, config={"webhook_url": ours.url})
        overdue(rows)
        ReadOnly(monkeypatch)
        told_before = []
        for level in ("warning", "error", "exception"):
            monkeypatch.setattr(
                health_watch.log, level, lambda *_, **__: told_before.append(len(ours.requests))
            )
        with closing(HealthWatch(app)) as watch:
            watch.look()
            told_before.clear()
            watch.look()
        assert told_before
        assert set(told_before) == {1}


def test_messages_that_do_not_leave_are_told_of_past_the_outbox(app, operator, connection, rows):
    with HttpReceiver() as ours:
        make_waiting(operator, connection)
        rows("DELETE FROM notification_channels WHERE name = 'gone'")
        channel = operator.get("/notification-channels").json[0]
        operator.patch(
            f"/notification-channels/{channel['id']}", {"config": {"webhook_url": ours.url}}
        )
        with closing(HealthWatch(app)) as watch:
            watch.look()
            watch.look()
        assert len(ours.requests) == 1
        assert "messages have not been sent" in ours.requests[0].body.decode()


def test_a_database_that_is_away_is_told_of_through_what_was_read_before(
    app, operator, monkeypatch, health_watch_of
):
    with HttpReceiver() as ours:
        make_channel(operator, config={"webhook_url": ours.url})
        watch = health_watch_of()
        watch.look()

        def away(*_):
            raise psycopg.OperationalError("connection refused")

        monkeypatch.setattr(health_watch, "late", away)
        monkeypatch.setattr(health_watch.operator_alerts, "update", away)
        watch.look()
        watch.look()
        watch.close()
        assert len(ours.requests) == 1
        assert "database does not answer" in ours.requests[0].body.decode()


def test_the_dead_man_is_called_only_while_all_is_in_bounds(
    app, alice, rows, configure, health_watch_of
):
    make_service(alice)
    with HttpReceiver() as receiver:
        configure(deadman_url=receiver.url)
        watch = health_watch_of()
        watch.look()
        watch.look()
        assert len(receiver.requests) == 1, "at most once a minute"
        watch._called_at = float("-inf")
        overdue(rows)
        watch.look()
        watch._called_at = float("-inf")
        watch.look()
        seen = len(receiver.requests)
        watch.look()
        assert len(receiver.requests) == seen
        rows("UPDATE schedule_entries SET next_due_at = now()")
        watch.look()
        assert len(receiver.requests) == seen + 1


def test_a_dead_man_that_does_not_answer_hurts_nobody(
    app, alice, configure, caplog, health_watch_of
):
    configure(deadman_url="http://127.0.0.1:9/")
    health_watch_of().look()
    assert "DEADMAN_URL cannot be reached" in caplog.text


def test_whom_a_message_did_not_reach_is_told_again_and_nobody_else(
    app, operator, rows, monkeypatch
):
    make_service(operator)
    with HttpReceiver() as well, HttpReceiver() as ill:
        ill.usual = 503
        for receiver in (well, ill):
            make_channel(operator, name=receiver.url, config={"webhook_url": receiver.url})
        overdue(rows)
        ReadOnly(monkeypatch)
        with closing(HealthWatch(app)) as watch:
            for _ in range(3):
                watch.look()
            assert (len(well.requests), len(ill.requests)) == (1, 2)
            ill.usual = 200
            watch.look()
            watch.look()
            assert (len(well.requests), len(ill.requests)) == (1, 3)
            monkeypatch.undo()
            rows("UPDATE schedule_entries SET next_due_at = now()")
            ill.usual = 503
            watch.look()
            ill.usual = 200
            watch.look()
            watch.look()
        assert (len(well.requests), len(ill.requests)) == (2, 5)
        assert "RESOLVED" in ill.requests[-1].body.decode()


def test_an_end_is_told_to_whoever_was_told_of_the_beginning(app, operator, rows, monkeypatch):
    make_service(operator)
    with HttpReceiver([503]) as receiver:
        make_channel(operator, config={"webhook_url": receiver.url})
        overdue(rows)
        ReadOnly(monkeypatch)
        with closing(HealthWatch(app)) as watch:
            watch.look()
            watch.look()
            monkeypatch.undo()
            rows("UPDATE schedule_entries SET next_due_at = now()")
            watch.look()
        (request,) = receiver.requests
        assert "RESOLVED" not in request.body.decode()
