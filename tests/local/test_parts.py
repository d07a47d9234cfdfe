"""Small parts of the launcher: logs, ports, pid files, readiness."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.local import LaunchError, launcher, leftovers, logfiles, ports
from app.local.__main__ import main
from app.local.child import Child, Command
from app.local.readiness import address, late_parts, ready_status
from app.local.signals import StopSignals
from app.local.state import StateDir
from app.local.supervisor import Supervisor
from tests.waiting import seconds_until


def test_a_large_log_is_moved_while_it_is_open(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("a") as writer:
        writer.write("old\n" * 10)
        writer.flush()
        logfiles.rotate(log, max_bytes=20)
        writer.write("new\n")
    assert log.read_text() == "new\n"
    assert (tmp_path / "web.log.1").read_text() == "old\n" * 10
    logfiles.rotate(log, max_bytes=20)
    assert log.read_text() == "new\n"


def test_the_tail_begins_with_the_latest_start(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("an older start\n")
    since = log.stat().st_size
    with log.open("a") as writer:
        writer.writelines(f"line {number}\n" for number in range(9))
    assert logfiles.tail(log, lines=2, since=since) == "  line 7\n  line 8"
    assert "older" not in logfiles.tail(log, lines=99, since=since)
    assert logfiles.tail(tmp_path / "missing.log") == ""


def test_a_taken_port_is_not_chosen() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert not ports.is_free(ports.LOOPBACK, port)
        assert ports.choose(port) in ports.SPARE_PORTS
    assert ports.choose(port) == port


def test_an_address_that_is_not_ours_is_refused_with_its_reason() -> None:
    problem = ports.problem("192.0.2.1", 8080)
    assert problem == "cannot assign requested address"


def test_a_leftover_is_stopped_and_a_stranger_is_not(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        subprocess.Popen(sleep, process_group=0) as leftover,
        subprocess.Popen(sleep, process_group=0) as stranger,
    ):
        leftovers.remember(tmp_path / "web.pid", leftover.pid, signal.SIGTERM)
        # The number of a process that is gone belongs to somebody else now.
        (tmp_path / "worker.pid").write_text(f"{stranger.pid} another-boot:1 15")
        (tmp_path / "broken.pid").write_text("12")
        leftovers.stop_all(tmp_path)
        assert leftover.wait(30) == -signal.SIGTERM
        assert stranger.poll() is None
        stranger.kill()
    assert list(tmp_path.iterdir()) == []


def test_a_crash_loop_is_slowed_down_and_a_long_life_forgiven(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = StateDir(state)
    directory.acquire()
    child = Child(Command("toy", (sys.executable, "-c", "pass"), {}, state), directory)
    child.start()
    pauses = []
    for _ in range(9):
        seconds_until(child.keep_alive, 10)
        pauses.append(child.seconds_to_restart() or 0)
        monkeypatch.setattr(child, "_restart_at", 0.0)
        assert child.keep_alive() == f"toy runs again (process {child.pid})"
    assert pauses == pytest.approx([0.2, 0.5, 1, 2, 5, 10, 10, 10, 10], abs=0.1)
    monkeypatch.setattr(child, "_started_at", 0.0)
    seconds_until(child.keep_alive, 10)
    assert (child.seconds_to_restart() or 0) < 0.1
    directory.release()


def test_identity_of_a_process_that_is_gone() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert leftovers.identity(gone.pid) is None
    assert leftovers.identity(os.getpid()) is not None


def test_a_state_directory_has_one_holder(state: Path) -> None:
    first, second = StateDir(state), StateDir(state)
    first.acquire()
    with pytest.raises(LaunchError, match=f"in use by process {os.getpid()}"):
        second.acquire()
    first.release()
    first.release()
    second.acquire()
    assert first.holder() == os.getpid()
    second.release()
    assert first.holder() is None


def test_damaged_secrets_are_not_replaced(state: Path) -> None:
    directory = StateDir(state)
    directory.acquire()
    (state / "secrets.json").write_text('{"jwt_secret": ')
    with pytest.raises(LaunchError, match="damaged"):
        directory.secrets()
    directory.release()


def test_a_machine_that_refuses_a_process_ends_nobody(state: Path) -> None:
    directory = StateDir(state)
    directory.acquire()
    argv = (sys.executable, "-c", "pass")
    child = Child(Command("toy", argv, {}, state / "work"), directory)
    (state / "work").mkdir()
    child.start()
    child.wait(10)
    (state / "work").rmdir()  # like a lack of memory, processes or disk: it cannot be started
    seconds_until(lambda: "cannot be started now" in (child.keep_alive() or ""), 10)
    assert child.keep_alive() is None
    (state / "work").mkdir()
    assert child.seconds_to_restart() > 5
    directory.release()


@pytest.mark.parametrize(
    ("status", "found"), [("200 OK", 200), ("503 Later", 503), ("so what", None)]
)
def test_the_status_of_ready(status: str, found: int | None) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        server.settimeout(5)
        answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
        child = subprocess.Popen(
            [sys.executable, "-c", ANSWERING, str(server.fileno()), answer.decode()],
            pass_fds=[server.fileno()],
        )
        assert ready_status("0.0.0.0", server.getsockname()[1]) == found
        child.wait()
    assert ready_status(ports.LOOPBACK, 1) is None


READY = {"status": "ready"}
AWAY = {"status": "not ready", "error": "the database is not available"}
LATE = {"part": "results", "problem": "no results", "since": "12:00", "advice": "look"}


@pytest.mark.parametrize(
    ("status", "body", "parts"),
    [
        (200, READY, set()),
        (200, READY | {"degraded": ["results"], "late": [LATE]}, {"results"}),
        (503, AWAY, {"database"}),
    ],
)
def test_what_is_late_is_read_off_the_answer(
    status: int, body: dict[str, object], parts: set[str]
) -> None:
    server = socket.create_server((ports.LOOPBACK, 0))
    text = f"HTTP/1.1 {status} X\r\n\r\n{json.dumps(body)}"
    with server:
        argv = [sys.executable, "-c", ANSWERING, str(server.fileno()), text]
        child = subprocess.Popen(argv, pass_fds=[server.fileno()])
        found = late_parts("0.0.0.0", server.getsockname()[1])
        child.wait()
    assert found is not None
    assert set(found) == parts
    assert late_parts(ports.LOOPBACK, 1) is None


def test_nothing_has_caught_up_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.local.supervisor.LOOK_EVERY_SECONDS", 0.0)
    away, results = {"database": "it is away"}, {"results": "no results"}
    answers = [results, away, {}, away, away, None, away, results, {}]
    said: list[str] = []
    with StopSignals() as signals:
        supervisor = Supervisor(signals, said.append, lambda: answers.pop(0))
        while answers:
            supervisor._look()
    assert [line.partition(" ")[2] for line in said] == [
        "no results",
        "results have caught up",
        "it is away",
        "no results",
        "database answers again",
        "results have caught up",
    ]


ANSWERING = """
import socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
server.settimeout(5)
client, _ = server.accept()
client.recv(4096)
client.sendall(sys.argv[2].encode())
client.close()
"""


def test_the_address_for_people() -> None:
    assert address("0.0.0.0", 3001) == "http://localhost:3001"
    assert address("10.1.2.3", 80) == "http://10.1.2.3:80"


def test_a_file_of_somebody_else_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(env: object, *, follow_parent: bool) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/srv/.state/secrets.json")

    monkeypatch.setattr(launcher, "run", refuse)
    assert main(["run"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("This user may not use /srv/.state/secrets.json (Permission denied);")
