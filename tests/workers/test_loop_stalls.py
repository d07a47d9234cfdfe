"""Checks in hand while their process was stopped: what it missed is no fault of theirs."""

import asyncio
import socket
import threading
import time

import pytest

from app.domain.types import Observation, Status
from tests.factories import make_service
from tests.waiting import seconds_until
from tests.workers.test_engine_stop import SameProcess, engine_of, wait_for_claims
from workers.stalls import LoopStalls

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def server():
    """Server whose first connection, and what comes after it, a test answers; and how many came."""
    came: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept():
            while True:
                try:
                    came.append(listening.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1], came
        listening.shutdown(socket.SHUT_RDWR)
    for connection in came:
        connection.close()


def has_status(rows, status):
    return rows("SELECT status FROM check_results") == [(status,)]


def test_a_timeout_of_a_process_that_was_stopped_is_not_one_of_the_service(
    app, context, alice, rows, server
):
    port, came = server
    make_service(alice, endpoint=f"http://127.0.0.1:{port}/", timeout_seconds=2)
    rows("UPDATE schedule_entries SET next_due_at = now()")
    with engine_of(app, SameProcess(app)) as engine:
        wait_for_claims(rows, 1)
        seconds_until(lambda: came, 10)
        engine._loop.call_soon_threadsafe(time.sleep, 2.8)  # as SIGSTOP does
        time.sleep(0.5)
        came[0].sendall(ANSWER)  # in time, but nobody looks
        seconds_until(lambda: len(came) == 2, 20)
        came[1].sendall(ANSWER)
        seconds_until(lambda: has_status(rows, "GREEN"), 10)


def test_a_service_that_is_down_is_seen_all_the_same(app, context, alice, rows, server):
    port, came = server
    make_service(alice, endpoint=f"http://127.0.0.1:{port}/", timeout_seconds=1)
    rows("UPDATE schedule_entries SET next_due_at = now()")
    with engine_of(app, SameProcess(app)) as engine:
        seconds_until(lambda: came, 10)
        engine._loop.call_soon_threadsafe(time.sleep, 1.8)
        seconds_until(lambda: has_status(rows, "RED"), 20)
    assert len(came) >= 2


def test_nobody_looks_while_no_check_is_under_way_and_a_later_stall_is_seen():
    async def story():
        stalls, made = LoopStalls(asyncio.get_running_loop()), []

        async def passes():
            return Observation(Status.GREEN, 1.0)

        async def is_stopped_once():
            made.append(1)
            if len(made) == 1:
                time.sleep(1.5)
                return Observation(Status.RED, None)
            return Observation(Status.GREEN, 1.0)

        await stalls.observe(passes)
        while stalls._looked_at is not None:
            await asyncio.sleep(0.05)
        observation, _ = await stalls.observe(is_stopped_once)
        return observation.status, len(made)

    assert asyncio.run(asyncio.wait_for(story(), 60)) == (Status.GREEN, 2)
