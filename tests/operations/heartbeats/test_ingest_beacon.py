"""A gap in our own ability to receive pings: found with the first proof after it, and excused."""

import threading

import psycopg
import pytest

from app.operations.heartbeats import ingest_beacon
from app.operations.heartbeats import sweep as heartbeat_sweep
from tests.heartbeats import age, make_heartbeat, prove, sweep


@pytest.fixture
def heartbeat(alice):
    return make_heartbeat(alice, grace_period_seconds=60)


@pytest.fixture
def renew(database_url):
    def once():
        with psycopg.connect(database_url, autocommit=True) as connection:
            return ingest_beacon.renew(connection)

    return once


@pytest.fixture
def now(alice, heartbeat):
    return lambda: alice.get(f"/heartbeats/{heartbeat['id']}").json


def test_nothing_is_evaluated_past_the_last_proof(app, rows, heartbeat, now):
    age(rows, heartbeat["id"], minutes=90)
    rows("DELETE FROM ingest_beacons")
    with app.app_context():
        assert heartbeat_sweep.sweep() == 0, "no process has ever been able to receive"
        prove(rows, minutes=40)
        assert heartbeat_sweep.sweep() == 0, "nothing was due when the proofs ended"
        assert heartbeat_sweep.due_for_seconds() is None
        prove(rows, minutes=28)
        assert heartbeat_sweep.due_for_seconds() == pytest.approx(120, abs=5)
        assert heartbeat_sweep.sweep() == 1
    assert now()["status"] == "missed"


def test_what_was_due_in_a_gap_is_excused_once(app, rows, heartbeat, now, alice, renew):
    age(rows, heartbeat["id"], minutes=90)
    prove(rows, minutes=40)
    assert renew(), "the gap is found with the first proof after it"
    assert not renew()
    sweep(app, rows)
    assert now()["status"] == "healthy"
    age(rows, heartbeat["id"], minutes=62)
    rows(
        "UPDATE ingest_gaps SET starts_at = starts_at - interval '62 min',"
        " ends_at = ends_at - interval '62 min'"
    )
    sweep(app, rows)
    assert now()["status"] == "missed"
    assert len(alice.get("/alerts").json) == 1


def test_a_short_pause_of_ours_excuses_nothing(app, rows, heartbeat, now, renew):
    age(rows, heartbeat["id"], minutes=61.1)
    prove(rows, seconds=11)
    assert not renew()
    sweep(app, rows)
    assert now()["status"] == "missed"


def test_two_processes_that_come_back_find_one_gap(app, rows, renew):
    prove(rows, minutes=5)
    barrier = threading.Barrier(4)

    def come_back():
        barrier.wait()
        renew()

    threads = [threading.Thread(target=come_back) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows("SELECT count(*) FROM ingest_gaps") == [(1,)]
