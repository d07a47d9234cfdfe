"""A small form of `python -m tests.soak pings`, and a PostgreSQL that hangs."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import requests

from tests.bench.bench_pings import seed_heartbeats
from tests.bench.web import gunicorn
from tests.bench.world import wait_until, world
from tests.soak import pings
from tests.waiting import stretched


def test_answered_pings_survive_kills_and_crashes():
    story = pings.run(pings=3_000, pause_seconds=0.8, least_kills=5)
    assert len(story.answered) >= 3_000
    assert story.kills + story.crashes >= 5


def freeze(postmaster, number):
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def test_a_database_that_hangs_means_503_within_two_seconds():
    with world() as here:
        with here.connect() as connection:
            (key,) = seed_heartbeats(connection, 1)
        with gunicorn(here, "wsgi:app") as (port, _), ThreadPoolExecutor(16) as clients:

            def ping(path):
                began = time.monotonic()
                answer = requests.post(f"http://127.0.0.1:{port}{path}/{key}", timeout=20)
                return answer.status_code, "Retry-After" in answer.headers, time.monotonic() - began

            paths = ["/ping", "/api/v1/heartbeat"] * 16
            assert {found[0] for found in clients.map(ping, paths)} == {200}
            postmaster = here.servers.postgres.pid
            freeze(postmaster, signal.SIGSTOP)
            try:
                answers = list(clients.map(ping, paths))
            finally:
                freeze(postmaster, signal.SIGCONT)
            assert {found[:2] for found in answers} == {(503, True)}
            assert max(found[2] for found in answers) < stretched(2.5)  # 1.5
            assert wait_until(lambda: ping("/ping")[0] == 200, 60), "and goes on afterwards"
