"""Checks in hand while their process was stopped: what it missed is no fault of theirs."""

import socket
import threading
import time

import pytest

from tests.factories import make_service
from tests.waiting import seconds_until
from tests.workers.test_engine_stop import SameProcess, engine_of, wait_for_claims

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
