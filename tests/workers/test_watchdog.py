"""The watchdog: it hints at what is due every second, and does neglected work itself."""

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import seconds_until, stretched
from workers import watchdog
from workers.watchdog import Host, Watchdog

ROOT = Path(__file__).parents[2]


class Work:
    """What a watchdog looks after, and what became of it."""

    error: Exception = watchdog.RedisError("away")

    def __init__(self, due_for: float | None, *, is_hinting_possible: bool = True) -> None:
        self.due_for = due_for
        self.hints = 0
        self.looks = 0
        self.is_run = threading.Event()
        self.work: Callable[[], object] = self.is_run.set
        self._is_hinting_possible = is_hinting_possible

    def host(self) -> Host:
        return Host(
            is_running=lambda: False,
            due_for_seconds=self._look,
            hint=self._hint,
            run=lambda: self.work(),
            neglected_after_seconds=1.5,
            every_seconds=0.02,
        )

    def _look(self) -> float | None:
        self.looks += 1
        return self.due_for

    def _hint(self) -> None:
        if not self._is_hinting_possible:
            raise self.error
        self.hints += 1


@pytest.fixture
def watch(app):
    started = []

    def start(*works):
        started.append(Watchdog(app, *(work.host() for work in works)))
        started[-1].start()

    yield start
    for each in started:
        each.stop()
        each.join()


def test_it_hints_at_what_is_due(watch):
    work = Work(0.1)
    watch(work)
    seconds_until(lambda: work.hints > 5, 10)
    assert not work.is_run.is_set(), "what is just due all the time is not neglected"


def test_it_is_silent_while_nothing_is_due(watch):
    work = Work(None)
    watch(work)
    seconds_until(lambda: work.looks > 5, 10)
    assert work.hints == 0
    assert not work.is_run.is_set()


def test_it_does_neglected_work_itself_after_some_hints(watch):
    work = Work(1.6)
    watch(work)
    assert work.is_run.wait(60)
    assert work.hints > 2


def test_it_works_at_once_where_no_hint_gets_through(watch):
    work = Work(0.1, is_hinting_possible=False)
    watch(work)
    assert work.is_run.wait(60)


def test_it_looks_after_others_while_it_does_the_work_of_one(watch):
    neglected, other = Work(1.6), Work(0.1)
    is_done = threading.Event()
    neglected.work = lambda: neglected.is_run.set() or is_done.wait(60)
    watch(neglected, other)
    try:
        assert neglected.is_run.wait(60)
        hints, looks = other.hints, neglected.looks
        seconds_until(lambda: other.hints > hints + 2, 10)
        assert neglected.looks == looks, "nobody is to do the same work"
    finally:
        is_done.set()
    seconds_until(lambda: neglected.looks > looks, 10)


def test_without_descriptors_it_goes_on(watch):
    """A thread that ended there left its worker without work for good."""
    work = Work(0.1, is_hinting_possible=False)
    work.error = OSError(errno.EMFILE, "Too many open files")
    watch(work)
    seconds_until(lambda: work.looks > 3, 10)
    assert work.is_run.wait(stretched(10)), "it does the work itself"


def test_a_worker_that_an_error_ends_does_not_wait_for_its_recorder():
    """The recorder waits for the worker: both stayed, and the launcher started no other."""
    code = (
        "import multiprocessing, time\nfrom workers.__main__ import run_to_the_end\n"
        "class Worker:\n"
        "    def run(self):\n"
        "        forking = multiprocessing.get_context('fork')\n"
        "        forking.Process(target=time.sleep, args=(60,)).start()\n"
        "        raise OSError(24, 'Too many open files')\n"
        "run_to_the_end(Worker())\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL, timeout=stretched(50)
    )
    assert done.returncode == os.EX_SOFTWARE
    assert time.monotonic() - began < stretched(30)
