"""PING checks of loopback, and of what the kernel refuses."""

import asyncio
import errno
import socket
from types import SimpleNamespace

import pytest

from app.domain.types import Status
from app.network import icmp
from tests.loopback import go, needs_ping, probe
from tests.waiting import stretched


@needs_ping
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_answers(host):
    observation = go(probe("PING", host, {"count": 2}))
    assert observation.status is Status.GREEN
    assert 0 < observation.response_time_ms < stretched(100)


@needs_ping
def test_many_at_once_do_not_mix_up_their_replies():
    async def story():
        return await asyncio.gather(*(probe("PING", "127.0.0.1") for _ in range(50)))

    assert {observation.status for observation in go(story())} == {Status.GREEN}


@needs_ping
def test_no_reply_is_red(monkeypatch):
    monkeypatch.setattr(icmp.EchoSocket, "_on_reply", lambda self: self._socket.recv(2048))
    observation = go(probe("PING", "127.0.0.1", {"count": 2}, timeout_seconds=0.6))
    assert observation.status is Status.RED
    assert observation.error == "no reply to 2 echo requests"
    tolerant = go(probe("PING", "127.0.0.1", {"max_loss_percent": 100}, timeout_seconds=0.6))
    assert tolerant.status is Status.GREEN


def test_a_kernel_that_refuses_makes_the_result_unknown_and_says_what_to_do(monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(icmp, "socket", SimpleNamespace(**{**vars(socket), "socket": refuse}))
    observation = go(probe("PING", "127.0.0.1"))
    assert observation.status is Status.UNKNOWN
    assert "net.ipv4.ping_group_range" in observation.error
