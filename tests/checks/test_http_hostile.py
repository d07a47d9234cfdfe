"""HTTP checks of servers that misbehave: a reason, in time, in bounded memory."""

import time
import tracemalloc

import pytest

from app.domain.types import Status
from tests import loopback
from tests.loopback import Answer, go, probe
from tests.waiting import stretched


def ask_raw(handler, **options):
    """Probe a server with a handler of its own."""

    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("HTTP", peer.url(), **options)

    return go(story())


def ask_answer(answer, config):
    """Probe a server that gives one answer."""

    async def story():
        async with loopback.http(lambda request: answer) as (peer, _):
            return await probe("HTTP", peer.url(), config)

    return go(story())


class TestHostile:
    @pytest.mark.parametrize(
        ("handler", "reason"),
        [
            (loopback.silent, "timed out after 0.5 s while waiting for the answer"),
            (loopback.half_a_line, "the answer is not HTTP"),
            (
                loopback.stops_after(b"HTTP/1.1 200 O"),
                "timed out after 0.5 s while waiting for the answer",
            ),
            (loopback.drip, "the answer is not HTTP"),
            (loopback.close_at_once, "the server closed the connection without answering"),
            (loopback.garbage, "the answer is not HTTP"),
            (loopback.reset_at_once, "connection reset by the server"),
        ],
    )
    def test_gets_a_reason_in_time(self, handler, reason):
        started = time.monotonic()
        observation = ask_raw(handler, timeout_seconds=0.5)
        assert time.monotonic() - started < stretched(1)
        assert observation.status is Status.RED
        assert observation.error == reason

    def test_an_endless_body_is_cut_at_a_mebibyte(self):
        observation = ask_raw(loopback.endless_body(b"x" * 65536))
        assert observation.status is Status.GREEN

    def test_a_two_gigabyte_body_costs_one(self):
        head = b"Content-Length: 2147483648\r\n"
        assert ask_raw(loopback.endless_body(b"x" * 65536, head)).status is Status.GREEN

    def test_a_body_that_drips_runs_into_the_deadline(self):
        observation = ask_raw(loopback.endless_body(b"x", pause=0.05), timeout_seconds=0.5)
        assert observation.error == "timed out after 0.5 s while reading the answer"

    def test_a_bomb_stays_small(self):
        answer = Answer(headers={"Content-Encoding": "gzip"}, body=loopback.bomb(200))
        tracemalloc.start()
        observation = ask_answer(answer, {"body_contains": "x"})
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert observation.error == (
            'the body does not contain "x" (only the first 1 MiB was read)'
        )
        assert peak < 20 << 20

    def test_endless_headers_are_refused(self):
        async def handler(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"X-More: and more\r\n" * 1000)
                await writer.drain()

        assert ask_raw(handler).error == "the headers are too large or too many"

    def test_a_closed_port_and_an_unknown_name(self):
        async def story():
            return (
                await probe("HTTP", "http://127.0.0.1:1/"),
                await probe("HTTP", "http://nothing.invalid/"),
            )

        closed, unknown = go(story())
        assert closed.error == "connection refused"
        assert unknown.error == "no such host: nothing.invalid"
