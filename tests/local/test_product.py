"""The real thing: `make run` from the first start to the last, with every process killed once."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.local.launched import PRODUCT, Launched, eventually_none_survive, survivors
from tests.waiting import seconds_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def test_start_kill_everything_once_and_stop(state: Path) -> None:
    with Launched(state, program=PRODUCT) as run:
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
        for name in children:
            os.kill(run.child(name), signal.SIGKILL)
        seconds_until(lambda: all(f"{name} runs again" in run.said() for name in children), 40)
        seconds_until(lambda: answers(run), 40)
        assert run.stop(signal.SIGINT) == 0
        assert "Killing" not in run.said()
    assert survivors(state) == {}


def test_a_warm_start_migrates_nothing_and_a_kill_leaves_nothing(state: Path) -> None:
    with Launched(state, program=PRODUCT) as run:
        run.ready()
    with Launched(state, program=PRODUCT) as run:
        run.ready()
        assert "brought up to date" not in run.said()
        run.process.kill()
        run.process.wait()
        eventually_none_survive(state, 10)


def answers(run: Launched) -> bool:
    try:
        return run.get("/ready") == 200
    except OSError:
        return False
