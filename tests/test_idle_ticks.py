"""Ticks whose jobs would find nothing are enqueued once a minute; what becomes due, at its beat."""

import threading

import psycopg
import pytest

from app.platform.queue import BACKGROUND, Tick
from scheduler import __main__ as process
from scheduler import periodic
from scheduler.idle_ticks import IdleTicks
from tests.alerting import make_channel, make_page, make_pending, make_window
from tests.factories import make_service
from tests.heartbeats import age, make_heartbeat, prove
from tests.status_pages import make_shown, take_snapshots
from tests.waiting import seconds_until

BEAT = 5


class Work:
    """What a tick's job would find, and how often it was asked for."""

    def __init__(self) -> None:
        self.is_there = False
        self.error: Exception | None = None
        self.looks = 0

    def find(self) -> bool:
        self.looks += 1
        if self.error:
            raise self.error
        return self.is_there


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def tick(work):
    return Tick("workers.housekeeping.repair", every_seconds=BEAT, finds_work=work.find)


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def idle(app, clock):
    return IdleTicks(app, clock)


def test_a_tick_without_work_is_enqueued_once_a_minute(idle, tick, clock, work):
    enqueued_at = []
    for beat in range(0, 200, BEAT):
        clock.seconds = float(beat)
        if idle.needed([tick]):
            enqueued_at.append(beat)
            idle.enqueued(tick)
    assert enqueued_at == [0, 60, 120, 180]
    assert work.looks == 200 / BEAT - len(enqueued_at), "a tick that is needed anyway asks nothing"


def test_what_becomes_due_is_enqueued_at_the_next_beat(idle, tick, clock, work):
    idle.enqueued(tick)
    clock.seconds += BEAT
    assert idle.needed([tick]) == []
    work.is_there = True
    clock.seconds += BEAT
    assert idle.needed([tick]) == [tick]


def test_a_tick_that_cannot_be_asked_is_enqueued_and_the_others_are_asked(idle, tick, work):
    work.error = ValueError("no such column")
    other = Tick("workers.housekeeping.forget", every_seconds=BEAT, finds_work=lambda: False)
    for each in (tick, other):
        idle.enqueued(each)
    assert idle.needed([tick, other]) == [tick]


def test_while_the_database_is_away_every_tick_is_enqueued_and_none_waits_for_it(idle, tick, work):
    work.error = psycopg.OperationalError("away")
    others = [
        Tick(f"workers.housekeeping.{name}", every_seconds=BEAT, finds_work=work.find)
        for name in ("forget", "keep_partitions")
    ]
    for each in (tick, *others):
        idle.enqueued(each)
    assert idle.needed([tick, *others]) == [tick, *others]
    assert work.looks == 1


def test_a_scheduler_that_takes_the_place_of_one_that_was_killed_enqueues_every_tick(
    app, idle, tick, clock
):
    idle.enqueued(tick)
    assert idle.needed([tick]) == []
    assert IdleTicks(app, clock).needed([tick]) == [tick]


def test_after_redis_was_away_every_tick_is_enqueued_again(idle, tick):
    idle.enqueued(tick)
    assert idle.needed([tick]) == []
    idle.forget()
    assert idle.needed([tick]) == [tick]


@pytest.fixture
def found(app):
    """What the jobs of the standing ticks would find, by the name of their function."""

    def names() -> set[str]:
        with app.app_context():
            return {
                tick.job.rpartition(".")[2]
                for tick in periodic.ticks([])
                if tick.finds_work is not None and tick.finds_work()
            }

    return names


NOT_DUE = "UPDATE schedule_entries SET next_due_at = now() + interval '1 hour'"


def test_a_new_installation_has_nothing_for_most_ticks(alice, rows, found):
    make_service(alice)
    rows(NOT_DUE)
    assert found() == set()


def test_a_message_that_is_due_and_its_open_alert_are_found(alice, connection, found):
    make_pending(alice, connection, make_channel(alice))
    assert found() == {"deliver", "advance", "watch"}


def test_a_message_that_waits_for_maintenance_is_found(alice, connection, rows, found):
    make_pending(alice, connection, make_channel(alice))
    rows("UPDATE notifications SET next_try_at = now() + interval '1 hour'")
    assert found() == {"announce", "advance", "watch"}


def test_a_window_that_begins_is_found(alice, rows, found):
    make_window(alice)
    rows("UPDATE maintenance_windows SET next_edge_at = now() + interval '1 hour'")
    assert found() == set()
    rows("UPDATE maintenance_windows SET next_edge_at = now()")
    assert found() == {"announce"}


def test_a_change_of_status_that_was_withheld_is_found(alice, rows, found):
    service = make_service(alice)
    rows(NOT_DUE)
    rows(
        "INSERT INTO status_holds (service_id, told_status, is_flapping) VALUES (%s, 'RED', false)",
        service["id"],
    )
    assert found() == {"announce"}


def test_a_heartbeat_that_is_late_is_found(alice, rows, found):
    heartbeat = make_heartbeat(alice)
    prove(rows)
    assert found() == set()
    age(rows, heartbeat["id"], hours=30)
    assert found() == {"sweep"}


def test_a_region_without_workers_and_a_worker_that_is_isolated_are_found(alice, rows, found):
    make_service(alice)
    rows("UPDATE schedule_entries SET next_due_at = now() - interval '1 minute'")
    assert found() == {"watch"}
    rows(NOT_DUE)
    assert found() == set()
    rows(
        "INSERT INTO worker_pulses (worker, region, at, blind_since)"
        " VALUES ('a', 'default', now(), now())"
    )
    assert found() == {"watch"}


def test_a_page_that_is_due_its_host_and_its_logo_are_found(app, alice, rows, found):
    make_shown(alice, "Checkout")
    take_snapshots(app)
    rows(NOT_DUE)
    rows("UPDATE page_snapshots SET due_at = now() + interval '1 hour', made_at = now()")
    rows("UPDATE page_snapshots s SET alerting_version = o.alerting_version FROM organizations o")
    rows("UPDATE services SET status_changed_at = now() - interval '1 hour'")
    assert found() == set()
    rows("UPDATE page_snapshots SET due_at = now()")
    assert found() == {"make_snapshots"}
    rows("UPDATE page_snapshots SET due_at = now() + interval '1 hour'")
    rows("UPDATE status_pages SET custom_domain = 'status.example.com'")
    rows("UPDATE status_pages SET branding = jsonb_build_object('logo_url', 'http://a.example')")
    assert found() == {"verify_domains", "fetch_logos"}


def test_a_page_that_follows_alerts_or_tells_of_maintenance_is_found(alice, rows, found):
    page = make_page(alice)
    make_window(alice, status_page_ids=[page["id"]])
    rows("UPDATE maintenance_windows SET next_edge_at = NULL")
    rows("UPDATE page_snapshots SET due_at = now() + interval '1 hour'")
    assert found() & {"advance_incidents", "announce"} == {"advance_incidents"}


def test_the_scheduler_enqueues_what_has_become_due_and_nothing_before(app, monkeypatch, work):
    """Over Redis: a tick that has run and finds nothing stays away until there is work."""
    tick = Tick(
        "workers.housekeeping.repair", every_seconds=1, finds_work=work.find, idle_seconds=10**6
    )
    monkeypatch.setattr(process, "ticks", lambda _regions: [tick])
    queue, stopping = app.extensions["runtime"].hints.queue(BACKGROUND), threading.Event()
    running = threading.Thread(target=process.run, args=(app, stopping), daemon=True)
    running.start()
    try:
        seconds_until(lambda: queue.count == 1, 10)
        queue.empty()
        seconds_until(lambda: work.looks >= 2, 20)
        assert queue.count == 0
        work.is_there = True
        seconds_until(lambda: queue.count == 1, 10)
    finally:
        stopping.set()
        running.join()
