"""Periodic jobs of heartbeats, and the watchdog that stands in for their ticks."""

import pytest

from tests.heartbeats import age, make_heartbeat, prove
from workers import heartbeats
from workers.job import serve


@pytest.fixture(autouse=True)
def worker(app):
    serve(app)


@pytest.fixture
def missed(alice, rows):
    found = [make_heartbeat(alice, name=f"Job {n}") for n in range(5)]
    for heartbeat in found:
        age(rows, heartbeat["id"], hours=2)
    prove(rows)
    return found


def test_one_sweep_looks_and_alerts(missed, alice):
    heartbeats.sweep()
    assert len(alice.get("/alerts").json) == len(missed)
    assert {h["status"] for h in alice.get("/heartbeats").json} == {"missed"}
    heartbeats.sweep()
    assert len(alice.get("/alerts?status=all").json) == len(missed)


def test_more_than_a_batch(missed, alice, monkeypatch):
    monkeypatch.setattr(heartbeats.heartbeat_sweep, "BATCH", 2)
    heartbeats.sweep()
    assert len(alice.get("/alerts").json) == len(missed)


def test_one_that_cannot_be_handled_holds_up_no_other_one(missed, alice, monkeypatch, caplog):
    handle_one = heartbeats.heartbeat_flips.handle_one

    def handle(heartbeat_id):
        if str(heartbeat_id) == missed[0]["id"]:
            raise RuntimeError("broken")
        handle_one(heartbeat_id)

    monkeypatch.setattr(heartbeats.heartbeat_flips, "handle_one", handle)
    heartbeats.sweep()
    assert len(alice.get("/alerts").json) == len(missed) - 1
    assert "heartbeat change not handled" in caplog.text


def test_the_watchdog_sweeps_where_no_tick_gets_through(app, missed, alice, rows):
    host = heartbeats.host()
    with app.app_context():
        assert host.due_for_seconds() > host.neglected_after_seconds
        assert not host.is_running()
    host.run()
    assert len(alice.get("/alerts").json) == len(missed)
    with app.app_context():
        assert host.due_for_seconds() is None


def test_what_is_just_due_is_not_neglected(app, alice, rows):
    make_heartbeat(alice)
    prove(rows)
    rows("UPDATE heartbeats SET next_look_at = now() - interval '0.5 s'")
    with app.app_context():
        host = heartbeats.host()
        assert 0.4 < host.due_for_seconds() < host.neglected_after_seconds


def test_the_housekeeping_job_mends_and_forgets(app, alice, rows):
    make_heartbeat(alice)
    rows("UPDATE heartbeats SET next_look_at = NULL")
    heartbeats.forget()
    assert rows("SELECT count(*) FROM heartbeats WHERE next_look_at IS NULL") == [(0,)]
