"""RQ and rq-scheduler behind their door: ticks that survive kills and never pile up."""

import threading
import time
import zlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from app.platform.queue import BACKGROUND, Hints, Tick, probe_queue
from app.platform.redis_client import SOCKET_TIMEOUT_SECONDS, connect
from scheduler.periodic import ticks
from tests.waiting import seconds_until

TICK = Tick("workers.housekeeping.repair", every_seconds=15)


@pytest.fixture
def hints(config) -> Iterator[Hints]:
    """Queues in a database of their own: where the application has its, the thread that publishes
    the pings of the test before may still enqueue what it left."""
    redis = connect(urlsplit(config.redis_url)._replace(path="/1").geturl())
    redis.flushdb()
    yield Hints(redis)
    redis.close()


def make_due(hints: Hints) -> None:
    scheduler = hints.scheduler()
    for job in scheduler.get_jobs():
        hints.redis.zadd(scheduler.scheduled_jobs_key, {job.id: time.time() - 1})


def enqueue_due(hints: Hints) -> None:
    scheduler = hints.scheduler()
    due = scheduler.look([TICK]).due
    for tick in due:
        scheduler.enqueue(tick)
    scheduler.set_next(due)


def test_installing_twice_changes_nothing(hints):
    table = ticks(["default", "eu"])
    assert sorted(hints.install(table)) == sorted(tick.job_id for tick in table)
    assert hints.install(table) == []


def test_a_tick_that_was_lost_comes_back_and_one_that_is_gone_goes(hints):
    old = Tick("workers.housekeeping.forget", every_seconds=60)
    hints.install([TICK, old])
    assert hints.install([TICK]) == []
    assert [job.id for job in hints.scheduler().get_jobs()] == [TICK.job_id]
    hints.redis.flushdb()
    assert hints.install([TICK]) == [TICK.job_id]


def test_a_tick_whose_job_is_lost_is_installed_again(hints):
    hints.install([TICK])
    hints.redis.delete(f"rq:job:{TICK.job_id}")
    assert hints.installed() == set()
    assert hints.install([TICK]) == [TICK.job_id]
    assert hints.installed() == {TICK.job_id}


def test_a_rehearsal_leaves_no_queue_no_worker_and_no_thread(hints):
    threads = set(threading.enumerate())
    hints.rehearse(3)
    assert set(threading.enumerate()) <= threads
    assert hints.depths() == {}
    assert not hints.redis.scard("rq:workers")
    assert not list(hints.redis.scan_iter("rq:job:*"))


def test_a_rehearsal_leaves_the_timeouts_of_the_client_alone(hints, monkeypatch):
    settings = hints.redis.connection_pool.connection_kwargs
    # A worker that another test has run in this process has set its own.
    monkeypatch.setitem(settings, "socket_timeout", SOCKET_TIMEOUT_SECONDS)
    before = dict(settings)
    hints.rehearse(1)
    assert settings == before


def test_a_changed_interval_replaces_the_tick(hints):
    hints.install([TICK])
    changed = Tick(TICK.job, every_seconds=5)
    assert hints.install([changed]) == [changed.job_id]
    assert [job.id for job in hints.scheduler().get_jobs()] == [changed.job_id]


def test_a_due_tick_is_one_waiting_job_however_often_it_falls_due(hints):
    began = time.time()
    hints.install([TICK])
    for _ in range(5):
        make_due(hints)
        enqueue_due(hints)
    assert hints.queue(BACKGROUND).count == 1
    (job,) = hints.queue(BACKGROUND).get_jobs()
    assert job.func_name == TICK.job
    assert job.id != TICK.job_id
    scheduler = hints.scheduler()
    due = hints.redis.zscore(scheduler.scheduled_jobs_key, TICK.job_id)
    assert began < due <= time.time() + 15
    assert due % 15 == 0, "so that ticks of many intervals fall due together"


def test_a_tick_is_due_at_its_time_and_when_the_clock_was_set_back(hints):
    # What is set to its next time is not due yet, unless that time comes meanwhile.
    seconds_until(lambda: time.time() % TICK.every_seconds < TICK.every_seconds - 5, 30)
    hints.install([TICK])
    scheduler = hints.scheduler()
    assert scheduler.look([TICK]).due == []
    make_due(hints)
    assert scheduler.look([TICK]).due == [TICK]
    scheduler.set_next([TICK])
    found = scheduler.look([TICK])
    assert found.due == []
    assert 0 < found.next_seconds <= TICK.every_seconds
    in_an_hour = {TICK.job_id: time.time() + 3600}
    hints.redis.zadd(scheduler.scheduled_jobs_key, in_an_hour)
    assert scheduler.look([TICK]).due == [TICK], "an hour was taken off the clock"
    assert scheduler.look([]).due == []


def test_a_tick_is_never_off_the_schedule_while_it_is_enqueued(hints, monkeypatch):
    hints.install([TICK])
    make_due(hints)
    scheduler = hints.scheduler()
    taken_off = []
    monkeypatch.setattr(scheduler.connection, "zrem", lambda *keys: taken_off.append(keys))
    scheduler.enqueue(TICK)
    scheduler.set_next([TICK])
    assert taken_off == []
    assert hints.queue(BACKGROUND).count == 1


def test_jobs_are_json(hints):
    hints.probes("eu")
    raw = hints.redis.hget(f"rq:job:{hints.queue(probe_queue('eu')).get_job_ids()[0]}", "data")
    hints.install([TICK])
    scheduled = hints.redis.hget(f"rq:job:{TICK.job_id}", "data")
    for data in (raw, scheduled):
        assert b"workers." in zlib.decompress(data)
        assert zlib.decompress(data).startswith(b"[")


def test_a_region_has_one_waiting_hint(hints):
    for _ in range(3):
        hints.probes("eu")
    assert hints.queue(probe_queue("eu")).count == 1
    assert hints.queue(probe_queue("default")).count == 0
