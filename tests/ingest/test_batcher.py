"""The batcher: many pings in one transaction, and what happens when the database is not well."""

import json
import threading
import time
from dataclasses import replace

import psycopg
import pytest

from app.domain.heartbeats.states import PingKind
from app.ingest import batcher as batcher_module
from app.ingest.batcher import PingBatcher
from app.operations.heartbeats.pings import IncomingPing
from app.platform.clock import monotonic
from app.platform.errors import Unavailable
from tests.heartbeats import make_heartbeat
from tests.waiting import stretched


@pytest.fixture
def batcher(app):
    return PingBatcher(app)


@pytest.fixture
def heartbeats(alice):
    return [make_heartbeat(alice, name=f"Job {n}") for n in range(4)]


def ping(key, kind=PingKind.SUCCESS, **fields):
    return IncomingPing(key, kind, monotonic(), **fields)


def together(*calls):
    """Run calls at once; return what each returned or raised, in their order."""
    outcomes = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(index, call):
        barrier.wait()
        try:
            outcomes[index] = call()
        except Exception as error:
            outcomes[index] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_pings_that_come_together_are_stored_together(batcher, heartbeats, rows):
    calls = [
        lambda key=heartbeats[n % 4]["unique_key"]: batcher.submit(ping(key)) for n in range(60)
    ]
    receipts = together(*calls)
    assert {receipt.status for receipt in receipts} == {"healthy"}
    assert rows("SELECT count(*) FROM heartbeat_pings") == [(60,)]
    ((transactions,),) = rows("SELECT count(DISTINCT xmin::text) FROM heartbeat_pings")
    assert transactions < 40


def test_an_unknown_key_does_not_spoil_the_others(batcher, heartbeats, rows):
    key = heartbeats[0]["unique_key"]
    outcomes = together(
        *[lambda k=k: batcher.submit(ping(k)) for k in (key, "unknown", key, "", key)]
    )
    assert [outcome is None for outcome in outcomes] == [False, True, False, True, False]
    assert rows("SELECT count(*) FROM heartbeat_pings") == [(3,)]


def test_a_ping_that_cannot_be_stored_does_not_spoil_the_others(batcher, heartbeats, rows, caplog):
    key = heartbeats[0]["unique_key"]
    poison = ping(key, user_agent="a\x00b")
    outcomes = together(
        *[lambda: batcher.submit(ping(key))] * 3,
        lambda: batcher.submit(poison),
    )
    assert isinstance(outcomes[3], psycopg.Error)
    assert rows("SELECT count(*) FROM heartbeat_pings") == [(3,)]
    assert "could not be stored" in caplog.text


def test_a_row_that_somebody_holds_delays_no_other_one(batcher, heartbeats, database_url, rows):
    held, free = heartbeats[0]["unique_key"], heartbeats[1]["unique_key"]
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT FROM heartbeats WHERE unique_key = %s FOR UPDATE", (held,))
        waiting = threading.Thread(target=lambda: batcher.submit(ping(held)))
        waiting.start()
        started = time.monotonic()
        assert batcher.submit(ping(free)) is not None
        assert time.monotonic() - started < stretched(0.5)
        assert waiting.is_alive()
        holder.rollback()
        waiting.join(30)
    assert rows("SELECT count(*) FROM heartbeat_pings") == [(2,)]


def test_a_locked_table_means_503_within_two_seconds(
    batcher, heartbeats, database_url, rows, client
):
    key = heartbeats[0]["unique_key"]
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE heartbeats")
        started = time.monotonic()
        outcomes = together(*[lambda: batcher.submit(ping(key))] * 8)
        assert time.monotonic() - started < stretched(2)
        assert {type(outcome) for outcome in outcomes} == {Unavailable}
        holder.rollback()
    assert batcher.submit(ping(key)) is not None, "and goes on afterwards"
    ((stored,),) = rows("SELECT count(*) FROM heartbeat_pings")
    assert stored == 1, "what was refused is not stored"


def test_without_a_database_pings_are_refused_at_once(app, configure, heartbeats):
    configure(database_direct_url="postgresql+psycopg://nobody:x@127.0.0.1:1/none")
    batcher = PingBatcher(app)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        batcher.submit(ping(heartbeats[0]["unique_key"]))
    assert time.monotonic() - started < stretched(1)


@pytest.mark.parametrize("prefix", ["/api/v1/heartbeat", "/ping"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_answer_when_the_database_is_away(
    app, client, configure, heartbeats, monkeypatch, prefix, method
):
    configure(database_direct_url="postgresql+psycopg://nobody:x@127.0.0.1:1/none")
    monkeypatch.setitem(app.extensions, "ping_batcher", PingBatcher(app))
    answer = client.open(f"{prefix}/{heartbeats[0]['unique_key']}", method=method)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "127.0.0.1" not in answer.text


def test_a_connection_that_was_hung_up_costs_no_ping(batcher, heartbeats, rows):
    key = heartbeats[0]["unique_key"]
    batcher.submit(ping(key))
    for _ in range(3):
        rows(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
            " WHERE application_name = 'alertifypro pings' AND datname = current_database()"
        )
        assert batcher.submit(ping(key)) is not None
    assert rows("SELECT count(*) FROM heartbeat_pings") == [(4,)]


def test_more_than_fit_are_shed_at_once(batcher, heartbeats, monkeypatch):
    monkeypatch.setattr(batcher_module, "MAX_WAITING", 0)
    with pytest.raises(Unavailable):
        batcher.submit(ping(heartbeats[0]["unique_key"]))


def test_an_open_batcher_proves_itself(app, batcher, rows):
    batcher.open()
    end = time.monotonic() + stretched(5)
    while rows("SELECT count(*) FROM ingest_beacons") == [(0,)]:
        assert time.monotonic() < end
        time.sleep(0.05)
    batcher.close()


def test_a_ping_is_dated_back_to_when_it_came(batcher, heartbeats, rows):
    early = replace(ping(heartbeats[0]["unique_key"]), came=monotonic() - 1)
    batcher.submit(early)
    ((ago,),) = rows("SELECT extract(epoch FROM now() - received_at) FROM heartbeat_pings")
    assert 1 <= ago < stretched(1.5)


def test_a_slow_redis_delays_no_ping(app, batcher, heartbeats, rows, monkeypatch):
    told = threading.Event()

    def publish(events):
        told.set()
        time.sleep(1)

    monkeypatch.setattr(app.extensions["runtime"].feed, "publish", publish)
    started = time.monotonic()
    for heartbeat in heartbeats * 5:
        assert batcher.submit(ping(heartbeat["unique_key"], PingKind.FAIL)) is not None
    assert time.monotonic() - started < stretched(1)
    assert told.wait(30)
    assert rows("SELECT count(*) FROM heartbeat_pings") == [(20,)]


def test_the_feed_hears_of_pings(app, batcher, heartbeats, alice):
    batcher.submit(ping(heartbeats[0]["unique_key"], PingKind.FAIL, exit_status=3))
    feed = app.extensions["runtime"].feed
    end = time.monotonic() + stretched(5)
    while not (kept := [f for f in feed.kept(alice.organization_id) if "heartbeat.ping" in f]):
        assert time.monotonic() < end
        time.sleep(0.02)
    frame = json.loads(kept[0])["data"]
    assert frame["heartbeat_id"] == heartbeats[0]["id"]
    assert (frame["kind"], frame["status"], frame["exit_status"]) == ("fail", "failed", 3)
    assert heartbeats[0]["unique_key"] not in kept[0]
