"""Engines that are told to stop: what they have in hand is recorded, or given back at once."""

import socket
import threading
from contextlib import contextmanager
from time import monotonic, sleep

import pytest

from app.network.network import Network
from app.network.policy import policy_of
from app.operations.checks import claim as checks_claim
from app.operations.checks import record as recording
from tests.factories import make_service
from workers.database_exchange import DatabaseExchange
from workers.engine import Engine
from workers.recorder import RecorderGone

ROWS = "SELECT lease_until IS NULL, next_due_at <= now() FROM schedule_entries ORDER BY 2"


@pytest.fixture
def quiet_server():
    """Return the port of a server that accepts and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


class SameProcess:
    """Recorder in this process."""

    def __init__(self, app):
        self.app = app
        self.is_gone = False

    def record(self, batch, now):
        if self.is_gone:
            raise RecorderGone
        with self.app.app_context():
            recording.record(batch, now)

    def close(self):
        pass


@contextmanager
def engine_of(app, recorder, after_stop=lambda: None):
    """Run an engine until the block ends, then stop it as a worker does."""
    config = app.extensions["runtime"].config
    exchange = DatabaseExchange(app, "default", recorder)
    engine = Engine(exchange, config, lambda targets: Network(policy_of(config, targets)))
    session = threading.Thread(target=engine.drain, daemon=True)
    session.start()
    yield engine
    engine.stop()
    after_stop()
    session.join(30)
    engine.close()
    assert not session.is_alive()


def wait_for_claims(rows, count):
    end = monotonic() + 60
    while rows("SELECT count(*) FROM schedule_entries WHERE lease_until > now()") != [(count,)]:
        assert monotonic() < end, rows("SELECT * FROM schedule_entries")
        sleep(0.02)


def test_what_a_stopping_worker_does_not_finish_is_due_for_the_others_at_once(
    app, context, alice, rows, quiet_server
):
    for name in ("running", "ahead"):
        make_service(
            alice, name=name, endpoint=f"http://127.0.0.1:{quiet_server}/", timeout_seconds=60
        )
    ids = dict(rows("SELECT name, id FROM services"))
    rows("UPDATE schedule_entries SET next_due_at = now()")
    rows(
        "UPDATE schedule_entries SET next_due_at = now() + interval '1 hour'"
        f" WHERE service_id = '{ids['ahead']}'"
    )
    with engine_of(app, SameProcess(app)) as engine:
        wait_for_claims(rows, 1)
        rows(
            "UPDATE schedule_entries SET next_due_at = now() + interval '1400 milliseconds'"
            f" WHERE service_id = '{ids['ahead']}'"
        )
        engine._look_now()
        wait_for_claims(rows, 2)
    assert rows("SELECT count(*) FROM schedule_entries WHERE lease_until IS NULL") == [(2,)]
    assert rows("SELECT count(*) FROM check_results") == [(0,)]
    claimed = checks_claim.claim("default", 10, ahead_seconds=5)
    assert {one.snapshot.name for one in claimed.claims} == {"running", "ahead"}
    assert {one.loss for one in claimed.claims} == {checks_claim.NEVER_LOST}


def test_a_worker_whose_recorder_is_gone_gives_its_results_back(
    app, context, alice, rows, quiet_server
):
    make_service(
        alice, endpoint=f"127.0.0.1:{quiet_server}", check_type="TCP", config={}, timeout_seconds=5
    )
    rows("UPDATE schedule_entries SET next_due_at = now()")
    recorder = SameProcess(app)
    recorder.is_gone = True
    with engine_of(app, recorder) as engine:
        end = monotonic() + 60
        while not engine._results.is_recorder_gone:
            assert monotonic() < end
            sleep(0.02)
    assert rows(ROWS) == [(True, True)]


def test_a_check_that_ends_soon_after_the_stop_is_recorded(app, context, alice, rows):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        make_service(alice, endpoint=endpoint, timeout_seconds=60)
        rows("UPDATE schedule_entries SET next_due_at = now()")
        accepted = []

        def answer():
            accepted[0].sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        with engine_of(app, SameProcess(app), answer):
            accepted.append(listening.accept()[0])
        accepted[0].close()
    assert rows("SELECT status FROM check_results") == [("GREEN",)]
