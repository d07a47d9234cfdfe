"""What ends, stalls or fails a process is done alone, and set aside; everything else goes on."""

import asyncio
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from app.operations.health import quarantine
from app.operations.health.quarantine import NEVER_LOST, Loss, WorkKind
from app.operations.notifications import claim as outbox_claim
from tests.factories import make_service
from tests.waiting import stretched
from tests.workers import poison
from workers import alone_forks, check_quarantine, job
from workers.database_exchange import DatabaseExchange
from workers.dispatcher import Dispatcher
from workers.engine import Engine
from workers.isolation import AloneRunner, LostAloneError, run_job_alone
from workers.job import serve

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(app, context, config, monkeypatch, tmp_path):
    """What a process of its own needs to start."""
    for name, value in {
        "DATABASE_URL": config.database_direct_url,
        "REDIS_URL": config.redis_url,
        "JWT_SECRET": "a secret of the tests, long enough to be taken",
        "ENCRYPTION_KEY": "ab" * 32,
        poison.DONE: str(tmp_path / "done"),
    }.items():
        monkeypatch.setenv(name, value)
    serve(app)
    return tmp_path / "done"


@pytest.mark.parametrize("name", ["crash", "killed"])
def test_a_tick_that_ends_its_process_is_alone_next_and_then_set_aside(environment, rows, name):
    poison.ends_process(getattr(poison, name))
    getattr(poison, name)()  # this process lives: the second went to one of its own
    assert rows("SELECT losses, set_aside_at FROM tick_runs WHERE job LIKE %s", f"%.{name}") == [
        (2, None)
    ]
    getattr(poison, name)()
    ((losses, trace, at),) = rows(
        "SELECT losses, trace, set_aside_at FROM tick_runs WHERE job LIKE %s", f"%.{name}"
    )
    assert losses == 3
    assert at is not None
    assert "ended by signal" in trace
    assert ("string_at" in trace) == (name == "crash"), "with its trace"
    began = time.monotonic()
    getattr(poison, name)()  # it rests
    assert time.monotonic() - began < stretched(1)
    poison.fine()  # the others go on
    assert environment.read_text() == "x"


def test_the_operators_hear_of_what_is_set_aside(app, environment, alice, rows, health_watch_of):
    rows("UPDATE users SET is_operator = true WHERE id = %s", alice.user_id)
    for _ in range(3):
        quarantine.count_failure(WorkKind.CHECK, "some check", "trace of the death")
    with suppress(RuntimeError):
        poison.fail()
    health_watch_of().look()
    (alert,) = alice.get("/alerts").json
    assert alert["title"] == "Work of the monitor is set aside"
    assert "trace of the death" in alert["message"]
    quarantine.clear(WorkKind.CHECK, ["some check"])
    health_watch_of().look()
    assert alice.get("/alerts").json == []


def test_a_row_that_ends_a_tick_is_set_aside_and_the_tick_goes_on(environment, rows):
    poison.ends_process(poison.row_by_row)
    for _ in range(4):
        poison.row_by_row()
    assert rows("SELECT kind, key, ends_process, set_aside_at IS NOT NULL FROM quarantine") == [
        ("escalation", str(poison.POISONED_ROW), True, True)
    ]
    assert "string_at" in quarantine.problem()
    assert environment.read_text() == "x", "the other row"
    assert rows("SELECT losses, set_aside_at FROM tick_runs WHERE job LIKE '%%row_by_row'") == [
        (0, None)
    ]
    rows("UPDATE quarantine SET set_aside_at = now() - interval '2 minutes'")
    assert quarantine.set_aside(WorkKind.ESCALATION)[str(poison.POISONED_ROW)], "for an hour"


def test_a_tick_that_fails_again_and_again_is_told_of_and_goes_on(environment, rows):
    for _ in range(3):
        with pytest.raises(RuntimeError):
            poison.fail()
    from_ticks = job.ticks.problem()
    assert "poison.fail has failed 3 times" in from_ticks
    assert "a fault of ours" in from_ticks


def test_a_tick_alone_that_goes_well_is_trusted_again(environment, rows):
    poison.fine()
    rows("UPDATE tick_runs SET losses = 1 WHERE job LIKE '%%.fine'")
    poison.fine()
    assert environment.read_text() == "xx"
    assert rows("SELECT losses FROM tick_runs WHERE job LIKE '%%.fine'") == [(0,)]


def test_a_stall_in_a_process_of_its_own_is_ended_with_its_trace(environment):
    with pytest.raises(LostAloneError, match="its process stalled") as caught:
        run_job_alone("tests.workers.poison.stall", stretched(8))
    assert "poison.py" in str(caught.value)


def test_no_temporary_folder_is_no_reason_to_lose_a_trace(environment, monkeypatch, tmp_path):
    """A /tmp that is full or read-only, as in a hardened container."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(LostAloneError, match="string_at"):
        run_job_alone("tests.workers.poison.crash", 60)


def test_a_loop_that_does_not_turn_ends_its_process(tmp_path):
    code = (
        "import asyncio, time, uvloop\nfrom workers.stalls import StallGuard\n"
        "loop = uvloop.new_event_loop()\n"
        "async def go():\n    await asyncio.sleep(1.5)\n    sum(10**n for n in range(60_000))\n"
        "    (7**20_000_000) % 10\n    pow(7, 20_000_000) % 10\n    time.sleep(60)\n"
        "with StallGuard(loop, 2.0):\n    loop.run_until_complete(go())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=300, capture_output=True)
    assert done.returncode == 1
    assert b"most recent call first" in done.stderr


def test_a_message_that_ends_three_processes_is_given_up(
    context, lost_twice, rows, monkeypatch, alice
):
    assert [lost_twice().loss for _ in range(2)] == [Loss(0, False), Loss(1, False)]
    (send,) = outbox_claim.claim(10)
    assert send.loss == Loss(2, True)

    def lost(runner, work, seconds):
        assert work == send
        raise LostAloneError("its process was ended by signal 11")

    monkeypatch.setattr(AloneRunner, "run", lost)
    sender = Dispatcher(context)
    sender._loop.run_until_complete(sender._deliver(send))
    assert rows("SELECT status, last_error FROM notifications WHERE id = %s", send.id) == [
        ("dead", "it ended three processes that tried to send it, and is set aside")
    ]
    assert "signal 11" in quarantine.problem()


def test_a_message_that_was_lost_twice_goes_out_alone(
    context, environment, lost_twice, rows, caplog
):
    """The channel's host is nobody: what matters is that the outcome comes from the other one."""
    caplog.set_level("INFO", "workers.dispatcher")
    lost_twice()
    lost_twice()
    (send,) = outbox_claim.claim(10)
    sender = Dispatcher(context)
    sender._loop.run_until_complete(sender._deliver(send))
    ((error, lease),) = rows(
        "SELECT last_error, lease_until FROM notifications WHERE id = %s", send.id
    )
    assert error
    assert lease is None
    assert quarantine.problem() is None
    assert rows("SELECT key FROM quarantine") == []
    assert "tried in a process of its own" in caplog.text


class SameProcess:
    """A recorder without a process of its own."""

    def __init__(self, app):
        self._app = app

    def record(self, batch, now):
        with self._app.app_context():
            checks_record.record(batch, now)

    def close(self):
        pass


def engine_of(app):
    exchange = DatabaseExchange(app, "default", SameProcess(app))
    return Engine(exchange, app.extensions["runtime"].config, lambda _: None)


def test_a_check_that_ends_three_processes_is_set_aside_and_the_others_go_on(
    context, alice, rows, monkeypatch
):
    sick, well = make_service(alice, name="Sick"), make_service(alice, name="Well")
    ours = "UPDATE schedule_entries SET lease_until = now() - interval '1 s' WHERE service_id = %s"
    for losses in (0, 1):
        claims = {c.snapshot.name: c for c in checks_claim.claim("default", 10).claims}
        assert claims["Sick"].loss.losses == losses
        rows(ours, sick["id"])
    died = []

    def lost(runner, work, seconds):
        died.append(work.snapshot.name)
        raise LostAloneError("its process was ended by signal 11")

    async def observe(claim):
        raise AssertionError("not in this process")

    monkeypatch.setattr(AloneRunner, "run", lost)
    engine = engine_of(context)
    monkeypatch.setattr(engine, "_observe", observe)
    asyncio.set_event_loop(engine._loop)
    engine._loop.run_until_complete(engine._claim_and_start(10))
    engine._loop.run_until_complete(asyncio.wait(engine._checks))
    engine._loop.run_until_complete(engine._results.finish())
    assert died == ["Sick"]
    ((status, error),) = rows(
        "SELECT status, last_error FROM schedule_entries WHERE service_id = %s", sick["id"]
    )
    assert status == "UNKNOWN"
    assert "set aside" in error
    rows("UPDATE schedule_entries SET next_due_at = now(), lease_until = NULL")
    claims = {c.snapshot.name: c for c in checks_claim.claim("default", 10).claims}
    known = check_quarantine.CheckQuarantine()
    known.refresh(list(claims.values()))
    assert known.rests(claims["Sick"])
    assert not known.rests(claims["Well"])
    assert not known.runs_alone(claims["Well"])
    rows("UPDATE quarantine SET set_aside_at = now() - interval '2 hours'")
    known = check_quarantine.CheckQuarantine()
    known.refresh([])
    assert not known.rests(claims["Sick"])
    assert known.runs_alone(claims["Sick"])
    assert well["id"]


def test_a_check_that_was_lost_twice_is_run_and_recorded_alone(context, environment, alice, rows):
    make_service(alice, check_type="TCP", endpoint="127.0.0.1:9")
    for _ in range(2):
        checks_claim.claim("default", 10)
        rows("UPDATE schedule_entries SET lease_until = now() - interval '1 second'")
    rows("UPDATE quarantine SET is_suspect = true")
    (claim,) = checks_claim.claim("default", 10).claims
    known = check_quarantine.CheckQuarantine()
    known.refresh([claim])
    again = claim._replace(loss=NEVER_LOST)
    assert known.runs_alone(again)
    assert known.run_alone(claim, AloneRunner("check"), within(context)) is None
    assert rows("SELECT status FROM check_results") == [("RED",)]
    assert rows("SELECT key FROM quarantine") == []
    assert not known.runs_alone(again), "it went well: the next ones run beside the others"


def test_a_plain_kill_costs_nothing_but_the_lease(context, alice, rows):
    make_service(alice)
    checks_claim.claim("default", 10)
    rows("UPDATE schedule_entries SET lease_until = now() - interval '1 second'")
    (claim,) = checks_claim.claim("default", 10).claims
    known = check_quarantine.CheckQuarantine()
    known.refresh([claim])
    assert not known.runs_alone(claim)
    assert known.has_suspects
    known.recorded({claim.key})
    assert not known.has_suspects
    assert rows("SELECT key FROM quarantine") == []


def within(app):
    """Return how to call an operation, also from the thread that renews a lease."""

    def call(function, *arguments):
        with app.app_context():
            return function(*arguments)

    return call


def test_how_a_process_ended_is_said():
    assert alone_forks.ended(-9) == "its process was ended by signal 9"
    assert alone_forks.ended(3) == "its process ended with code 3"
