"""The fork server: what its forks share, what each has of its own, and how they end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local import forking
from app.local.child import Child, Command
from app.local.settings import PROJECT
from app.local.state import StateDir
from tests.waiting import seconds_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")

TOY = """
import atexit, os, random, signal, sys, time, uuid

IMPORTED_BY = os.getpid()
MADE_BY = None

class Kept:
    def __del__(self):
        os.write(1, b"taken apart\\n")

kept = Kept()

def before_forks():
    global MADE_BY
    MADE_BY = os.getpid()

def main(arguments):
    if arguments == ["look"]:
        print("imported elsewhere", IMPORTED_BY != os.getpid())
        print("made there", MADE_BY == IMPORTED_BY)
        print("group", os.getpgid(0) == os.getpid())
        print("random", random.random(), uuid.uuid4())
        print("term", signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
        print("int", signal.getsignal(signal.SIGINT) == signal.default_int_handler)
        print("child", signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL)
        print("blocked", sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
        print("input", sys.stdin.read() == "")
        print("open", sorted(map(int, os.listdir("/proc/self/fd")))[:3], flush=True)
        atexit.register(print, "at the end")
        return 7
    if arguments == ["politely"]:
        def leave(*_):
            time.sleep(0.3)
            print("said goodbye", flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
    print("stays", flush=True)
    for _ in range(600):  # a signal just before a sleep is handled after it
        time.sleep(0.1)
"""


@pytest.fixture
def toys(tmp_path: Path) -> Path:
    package = tmp_path / "toy"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(TOY)
    other = tmp_path / "like_gunicorn"
    other.mkdir()
    (other / "__init__.py").touch()
    (other / "__main__.py").write_text(
        "import sys\n\ndef run():\n    print(sys.argv)\n    sys.exit(3)\n"
    )
    return tmp_path


@pytest.fixture
def run(state: Path, toys: Path) -> Iterator["Toys"]:
    found = Toys(state, toys)
    yield found
    for child in (*found.children, found.server):
        child.kill()
        child.wait(5)


class Toys:
    """A fork server that has imported the toy, and its forks."""

    def __init__(self, state: Path, path: Path) -> None:
        self._env = {**os.environ, "PYTHONPATH": f"{PROJECT}:{path}", "SPT_NOENV": "1"}
        self._state = StateDir(state)
        self._state.acquire()
        first, server, second = forking.children(
            [self.command("one", "look"), self.command("two", "stay")], self._state
        )
        assert isinstance(server, forking.ForkServerChild)
        self.server = server
        self.children: list[Child] = [first, second]
        assert not first.start()
        server.start()
        seconds_until(lambda: server.is_ready, 10)

    def command(self, name: str, argument: str) -> Command:
        argv = (sys.executable, "-m", "toy", argument)
        return Command(name, argv, self._env, PROJECT, forks=True)

    def fork(self, name: str, argument: str) -> Child:
        return self.fork_of(self.command(name, argument))

    def fork_of(self, command: Command) -> Child:
        child = forking.ForkedChild(command, self._state, self.server)
        self.children.append(child)
        assert child.start()
        return child


def test_a_fork_has_what_is_a_processs_own(run: Toys) -> None:
    said = []
    for name in ("a", "b"):
        child = run.fork(name, "look")
        assert child.wait(10)
        said.append(child.log.read_text().splitlines())
        child.keep_alive()
        assert child.exit_code == 7
    first, second = said
    assert first == [
        "imported elsewhere True",
        "made there True",
        "group True",
        first[3],
        "term True",
        "int True",
        "child True",
        "blocked []",
        "input True",
        "open [0, 1, 2]",
        "at the end",
    ]
    assert first[3] != second[3]


def test_a_fork_goes_by_its_own_name_and_keeps_its_environment(run: Toys) -> None:
    child = run.fork("named", "stay")
    process = Path(f"/proc/{child.pid}")
    seconds_until(lambda: b"-m toy stay" in (process / "cmdline").read_bytes(), 10)
    assert b"SPT_NOENV=1" in (process / "environ").read_bytes()


def test_a_program_that_reads_its_command_line_is_run_as_well(run: Toys) -> None:
    argv = (sys.executable, "-m", "like_gunicorn", "-c", "file", "wsgi:app")
    child = run.fork_of(Command("program", argv, {}, PROJECT, forks=True))
    assert child.wait(10)
    assert child.log.read_text() == "['like_gunicorn', '-c', 'file', 'wsgi:app']\n"
    child.keep_alive()
    assert child.exit_code == 3


def test_a_killed_fork_is_made_anew(run: Toys) -> None:
    child = run.fork("killed", "stay")
    pid = child.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    seconds_until(lambda: not child.is_running(), 10)
    news = child.keep_alive()
    assert news == "killed was ended by SIGKILL; starting it again"
    seconds_until(lambda: "killed runs again" in (child.keep_alive() or ""), 10)
    assert child.pid not in (None, pid)
    assert not Path(f"/proc/{pid}").exists()  # the server has buried it


def test_a_signal_wakes_the_launcher_when_a_fork_ends(run: Toys) -> None:
    child = run.fork("short", "stay")
    seconds_until(lambda: "stays" in child.log.read_text(), 10)
    came: list[int] = []
    former = signal.signal(signal.SIGCHLD, lambda number, _: came.append(number))
    try:
        child.kill()
        seconds_until(lambda: came, 10)
    finally:
        signal.signal(signal.SIGCHLD, former)


def test_forks_end_with_their_server_and_wait_for_the_next(run: Toys) -> None:
    child = run.fork("waiting", "stay")
    pid = child.pid
    run.server.kill()
    seconds_until(lambda: not child.is_running(), 10)
    seconds_until(lambda: not Path(f"/proc/{pid}").exists(), 10)
    assert "was ended by SIGKILL" in (child.keep_alive() or "")
    assert child.keep_alive() is None  # there is nobody to make it
    deadline = time.monotonic() + 60
    while not child.is_running() and time.monotonic() < deadline:
        run.server.keep_alive()
        child.keep_alive()
        time.sleep(0.02)
    assert child.is_running()


def test_a_fork_that_is_asked_to_stop_can_finish(run: Toys) -> None:
    child = run.fork("polite", "politely")
    seconds_until(lambda: "stays" in child.log.read_text(), 10)
    child.terminate()
    assert child.wait(30)
    assert "said goodbye" in child.log.read_text()


def test_an_import_that_starts_a_thread_is_refused(toys: Path) -> None:
    (toys / "toy" / "__main__.py").write_text("import threading\nthreading.Timer(9, print).start()")
    done = subprocess.run(
        [sys.executable, "-m", "app.local.fork_server", "toy.__main__"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{toys}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "has started a thread" in done.stderr


REFUSING = """
import json, socket
launcher = socket.socket(fileno=0)
launcher.send(json.dumps({"ready": True}).encode())
while launcher.recv(65536):
    launcher.send(json.dumps({"refused": "no memory is left"}).encode())
"""


def test_a_machine_that_refuses_a_fork_is_asked_again(state: Path) -> None:
    directory = StateDir(state)
    directory.acquire()
    server = forking.ForkServerChild(
        Command("server", (sys.executable, "-c", REFUSING), os.environ, PROJECT), directory
    )
    command = Command("one", (sys.executable, "-m", "toy"), os.environ, PROJECT, forks=True)
    child = forking.ForkedChild(command, directory, server)
    server.start()
    try:
        seconds_until(lambda: server.is_ready, 10)
        news = child.keep_alive()
        assert news == "one cannot be started now, and is tried again: no memory is left"
        assert 5 < (child.seconds_to_restart() or 0) <= 10
    finally:
        server.kill()
        server.wait(5)
