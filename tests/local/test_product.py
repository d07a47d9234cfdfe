"""The real thing: `make run` from the first start to the last, with every process killed once."""

import json
import os
import signal
import socket
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.local import forking, ports
from app.local.state import StateDir
from tests.local.launched import PRODUCT, Launched, eventually_none_survive, survivors
from tests.waiting import seconds_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def test_start_kill_everything_once_stop_and_start_again(state: Path) -> None:
    with Launched(state, program=PRODUCT, is_prepared=False) as run:
        run.until("brought up to date")
        run.ready()
        assert run.get("/health") == 200
        children = {pid_file.stem for pid_file in (state / "pids").iterdir()}
        assert children > {
            "postgres",
            "valkey",
            "web",
            "probes-1",
            "background",
            "metrics",
            "scheduler",
        }
        # The fork server last: its forks end with it, and none would be there to kill.
        for name in sorted(children, key=lambda name: name == forking.NAME):
            os.kill(run.child(name), signal.SIGKILL)
        seconds_until(lambda: all(f"{name} runs again" in run.said() for name in children), 40)
        seconds_until(lambda: answers(run), 40)
        before = _take_the_ports_of_both_servers(run)
        assert run.stop(signal.SIGINT) == 0
        # Without a database, where it was, none of its processes ends by itself.
        assert not any("Killing" in line for line in run.lines[:before])
        assert not any("Killing" in line for line in run.lines[run.lines.index("Stopping ...") :])
    assert survivors(state) == {}
    _start_warm_and_kill(state)


def _start_warm_and_kill(state: Path) -> None:
    """A warm start migrates nothing, and a kill leaves nothing."""
    with Launched(state, program=PRODUCT) as run:
        run.ready()
        assert "brought up to date" not in run.said()
        run.process.kill()
        run.process.wait()
        eventually_none_survive(state, 10)


def _take_the_ports_of_both_servers(run: Launched) -> int:
    """Listen there while the servers are down; the product goes on with servers elsewhere.

    Returns how many lines it had said before.
    """
    said = len(run.lines)
    before = StateDir(run.state).published()
    addresses = {name: before[name] for name in ("DATABASE_URL", "REDIS_URL")}
    with ExitStack() as taken:
        os.kill(run.process.pid, signal.SIGSTOP)  # nobody starts them meanwhile
        try:
            for name, address in zip(("postgres", "valkey"), addresses.values(), strict=True):
                os.kill(run.child(name), signal.SIGKILL)
                port = urlsplit(address).port
                assert port
                seconds_until(lambda port=port: ports.is_free(ports.LOOPBACK, port), 10)
                taken.enter_context(socket.create_server((ports.LOOPBACK, port)))
        finally:
            os.kill(run.process.pid, signal.SIGCONT)
        seconds_until(lambda: "valkey moves to port" in run.said(), 40)
        seconds_until(lambda: "postgres moves to port" in run.said(), 40)
        seconds_until(lambda: answers(run) and is_well(run), 40)
    now = StateDir(run.state).published()
    assert all(now[name] != address for name, address in addresses.items())
    assert not list(run.state.glob("valkey/damaged-*"))
    return said


def is_well(run: Launched) -> bool:
    """Say whether nothing is away or late."""
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/ready", timeout=30) as answer:
        return not json.load(answer).get("degraded")


def answers(run: Launched) -> bool:
    try:
        return run.get("/ready") == 200
    except OSError:
        return False
