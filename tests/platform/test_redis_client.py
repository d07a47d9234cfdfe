"""A client of Redis while Redis hangs: a stopped process answers nothing and refuses nothing."""

import os
import signal
from time import monotonic

import pytest
from redis import RedisError

from app.platform.redis_client import SOCKET_TIMEOUT_SECONDS, connect
from tests.free_ports import free_port
from tests.redis_server import server
from tests.waiting import seconds_until


@pytest.fixture
def hanging(tmp_path):
    """A server, and functions that stop it and let it go on."""
    port = free_port()
    with server(tmp_path, port, 'save ""') as process:
        yield (
            f"redis://127.0.0.1:{port}/0",
            lambda: os.kill(process.pid, signal.SIGSTOP),
            lambda: os.kill(process.pid, signal.SIGCONT),
        )


def answers(command) -> bool:
    try:
        command()
    except RedisError:
        return False
    return True


def seconds_of(command) -> float:
    began_at = monotonic()
    command()
    return monotonic() - began_at


def test_nobody_waits_again_and_again_while_it_hangs(hanging):
    url, stop, go_on = hanging
    redis = connect(url)
    seconds_until(lambda: answers(redis.ping), 10)
    stop()
    assert not answers(redis.ping)
    others = [redis.ping, lambda: redis.get("key"), redis.pipeline().get("key").execute]
    # Each of these took twice the timeout before.
    took = seconds_of(lambda: [answers(command) for command in 5 * others])
    assert took < 5 * SOCKET_TIMEOUT_SECONDS
    go_on()
    seconds_until(lambda: answers(redis.ping), 10)
    assert all(answers(command) for command in others)


def test_a_client_that_connects_while_it_hangs_comes_back_too(hanging):
    url, stop, go_on = hanging
    seconds_until(lambda: answers(connect(url).ping), 10)
    stop()
    redis = connect(url)
    assert not answers(redis.ping)
    assert seconds_of(lambda: [answers(redis.ping) for _ in range(20)]) < 5 * SOCKET_TIMEOUT_SECONDS
    go_on()
    seconds_until(lambda: answers(redis.ping), 10)
