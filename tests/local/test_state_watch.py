"""A state directory whose disk fails, goes away and comes back, while processes write to it."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from app.local.child import Child, Command
from app.local.signals import StopSignals
from app.local.state import StateDir, is_at
from app.local.state_watch import StateWatch
from app.local.supervisor import Supervisor
from tests.waiting import seconds_until

WRITES = "while :; do echo line; sleep 0.05; done"


@pytest.fixture
def state(tmp_path):
    held = StateDir(tmp_path / "state")
    held.acquire()
    held.secrets()
    yield held
    held.release()


@pytest.fixture
def watch(state, monkeypatch):
    monkeypatch.setattr("app.local.state_watch.EVERY_SECONDS", 0.0)
    return StateWatch(state)


def line_of(watch, seconds=10):
    found = []
    seconds_until(lambda: found.extend(filter(None, [watch.look()])) or found, seconds)
    return found[0]


def looks(watch, times=6):
    for _ in range(times):
        yield watch.look()
        time.sleep(0.02)


def test_a_directory_that_can_be_written_is_no_news(watch, state):
    assert list(looks(watch)) == [None] * 6
    assert watch.is_well
    assert not (state.path / "writable").exists()


def test_one_that_is_gone_and_back_is_told_once_each(watch, state):
    away = state.path.with_name("away")
    state.path.rename(away)
    assert "is gone, or is another one: nothing is stored" in line_of(watch)
    assert not watch.is_well
    assert list(looks(watch)) == [None] * 6
    state.path.mkdir()  # as what lies under a disk that is not mounted
    assert list(looks(watch)) == [None] * 6
    assert os.listdir(state.path) == [], "nothing is written to what is not ours"
    state.path.rmdir()
    away.rename(state.path)
    assert line_of(watch).endswith("can be written again")


def test_one_that_takes_no_file_is_told_with_the_reason(watch, state):
    (state.path / "writable").mkdir()  # root may write to what is read-only
    assert f"cannot be written ({os.strerror(21)})" in line_of(watch)
    (state.path / "writable").rmdir()
    assert line_of(watch).endswith("can be written again")


def test_a_disk_that_does_not_answer_holds_nobody_up(watch, state, monkeypatch):
    monkeypatch.setattr("app.local.state_watch.SILENT_SECONDS", 0.2)
    secrets = state.path / "secrets.json"
    kept = secrets.read_text()
    secrets.unlink()
    os.mkfifo(secrets)  # whoever opens it waits
    began = time.process_time()
    assert "does not answer" in line_of(watch)
    assert time.process_time() - began < 1
    secrets_now = secrets.open("w")
    secrets_now.write(kept)
    secrets_now.close()
    secrets.unlink()
    secrets.write_text(kept)
    assert line_of(watch).endswith("can be written again")


@contextmanager
def supervised(state, watch, *names):
    said = []
    with StopSignals() as signals:
        supervisor = Supervisor(signals, said.append)
        supervisor.state_watch, supervisor.hold_again = watch, state.hold_again
        supervisor.processes = [
            Child(Command(name, ("/bin/sh", "-c", WRITES), {"PATH": "/bin:/usr/bin"}, "/"), state)
            for name in names
        ]
        for child in supervisor.processes:
            child.start()

        def turn():
            supervisor._round()
            supervisor._watch_state()

        try:
            yield supervisor, said, turn
        finally:
            for child in supervisor.processes:
                child.kill()
                child.wait(5)


def has_lines(log):
    return log.exists() and log.stat().st_size > 0


def test_what_writes_to_a_disk_that_is_gone_starts_anew_on_the_one_that_came(state, watch):
    with supervised(state, watch, "web", "probes") as (supervisor, said, turn):

        def all_write():
            return all(has_lines(each.log) for each in supervisor.children)

        seconds_until(all_write, 10)
        pids = [child.pid for child in supervisor.children]
        away = state.path.with_name("away")
        state.path.rename(away)
        seconds_until(lambda: turn() or said, 20)
        shutil.copytree(away, state.path)
        for log in state.logs.glob("*.log"):
            os.truncate(log, 0)
        seconds_until(lambda: turn() or all_write(), 20)
        assert [child.pid for child in supervisor.children] != pids
        assert is_at(state._lock, state.path / "lock"), "nobody else can take what we write to"
        assert sum("can be written again" in line for line in said) == 1
        for child in supervisor.children:
            assert (state.pids / f"{child.command.name}.pid").read_text().startswith(str(child.pid))


def test_the_same_disk_that_comes_back_ends_nobody(state, watch):
    with supervised(state, watch, "web") as (supervisor, said, turn):
        (child,) = supervisor.children
        pid = child.pid
        away = state.path.with_name("away")
        state.path.rename(away)
        seconds_until(lambda: turn() or said, 20)
        away.rename(state.path)
        seconds_until(lambda: turn() or len(said) > 1, 20)
        for _ in range(5):
            turn()
        assert child.pid == pid


def test_what_dies_meanwhile_runs_without_a_log_and_gets_one_afterwards(state, watch):
    with supervised(state, watch, "web") as (supervisor, said, turn):
        (child,) = supervisor.children
        away = state.path.with_name("away")
        state.path.rename(away)
        first = child.pid
        os.kill(first, 9)
        seconds_until(lambda: turn() or child.pid not in (None, first), 20)
        seconds_until(lambda: turn() or any("is gone" in line for line in said), 20)
        away.rename(state.path)
        size = child.log.stat().st_size
        seconds_until(lambda: turn() or child.log.stat().st_size > size, 20)


def test_on_a_disk_that_takes_no_change_everything_can_be_stopped(state):
    for name in ("running.json", "pids/web.pid"):
        (state.path / name).mkdir()  # root may remove what is on a read-only disk
    command = Command("web", ("/bin/sleep", "60"), {}, "/")
    child = Child(command, state)
    child.start()
    state.withdraw()
    child.kill()
    assert child.wait(10)


def test_a_process_needs_no_log_to_run(tmp_path):
    script = "import sys; from app.local.fork_server import _write_to; _write_to(sys.argv[1])"
    nowhere = tmp_path / "missing" / "log"
    done = subprocess.run([sys.executable, "-c", script, str(nowhere)], check=False)
    assert done.returncode == 0
