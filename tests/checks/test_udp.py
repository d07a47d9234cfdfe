"""UDP checks against real sockets."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from marshmallow import ValidationError

from app.checks.udp import UdpConfig
from app.domain.types import Status
from tests.loopback import go, probe
from tests.waiting import stretched


@asynccontextmanager
async def server(answer):
    """Serve UDP; `answer(data, nth)` returns what to send back, or None."""
    seen: list[bytes] = []

    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, addr):
            seen.append(data)
            reply = answer(data, len(seen))
            if reply is not None:
                self.transport.sendto(reply, addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Protocol, local_addr=("127.0.0.1", 0)
    )
    try:
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}", seen
    finally:
        transport.close()


def ask(answer, config=None, **options):
    async def story():
        async with server(answer) as (endpoint, seen):
            return await probe("UDP", endpoint, config, **options), seen

    return go(story())


def test_an_expected_reply_is_green():
    observation, seen = ask(
        lambda data, nth: b"pong " + data, {"payload": r"ping\n", "expect": "/^pong ping/"}
    )
    assert observation.status is Status.GREEN
    assert seen == [b"ping\n"]


def test_bytes_can_be_given_as_digits():
    _, seen = ask(lambda data, nth: b"x", {"payload_hex": "00 ff:10", "expect": "x"})
    assert seen == [b"\x00\xff\x10"]


def test_a_lost_datagram_is_sent_again():
    observation, seen = ask(
        lambda data, nth: b"pong" if nth > 1 else None,
        {"payload": "ping", "expect": "pong"},
        timeout_seconds=3,
    )
    assert observation.status is Status.GREEN
    assert len(seen) == 2


def test_another_reply_and_silence_are_red_where_one_is_expected():
    other, _ = ask(lambda data, nth: b"nope", {"expect": "pong"})
    assert other.error == 'expected "pong", got "nope"'
    silent, _ = ask(lambda data, nth: None, {"expect": "pong"}, timeout_seconds=0.5)
    assert silent.error == 'timed out after 0.5 s while waiting for "pong"'


def test_silence_is_green_and_fast_where_none_is_expected():
    observation, _ = ask(lambda data, nth: None)
    assert observation.status is Status.GREEN
    assert observation.response_time_ms < stretched(500)


def test_a_closed_port_is_red():
    async def story():
        async with server(lambda data, nth: None) as (endpoint, _):
            pass
        await asyncio.sleep(0.05)  # the transport closes in the loop's next round
        return await probe("UDP", endpoint)

    assert go(story()).error == "connection refused"


@pytest.mark.parametrize(
    "config", [{"payload_hex": "xyz"}, {"payload": "a", "payload_hex": "00"}, {"payload": "\x00"}]
)
def test_bad_config(config):
    with pytest.raises(ValidationError):
        UdpConfig().load(config)
