"""A monitor that lacks what all checks need: no target is to blame, and the operators are told."""

import asyncio
import os
import resource
import socket
from contextlib import contextmanager
from time import monotonic

import pytest

from app.domain.types import FailureKind, Observation, Status, Target
from app.network.network import Network
from app.operations.checks import regions
from tests.loopback import ANYWHERE, go, http, probe
from workers import connectivity
from workers.connectivity import ConnectivityCheck

TARGET = Target("HTTP", "http://127.0.0.1:9/", 1, 1000, {})
FINE = Observation(Status.GREEN, 1.0)
OUTAGE = Observation(Status.UNKNOWN, None, "x", failure_kind=FailureKind.OWN_OUTAGE)
LOST = Observation(Status.RED, None, "x", failure_kind=FailureKind.TIMED_OUT)
NO_PING = Observation(Status.UNKNOWN, None, "x", failure_kind=FailureKind.OWN_LIMIT)


@contextmanager
def no_descriptors():
    """Let this process open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("kind", ["HTTP", "TCP", "UDP", "DNS", "SSL", "MULTI_STEP"])
def test_without_descriptors_no_target_is_to_blame(kind):
    async def story():
        async with http() as (peer, _):
            network = Network(ANYWHERE)
            endpoints = {
                "HTTP": peer.url(), "DNS": "a.test", "MULTI_STEP": "flow",
            }  # fmt: skip
            configs = {
                "DNS": {"resolver": peer.endpoint}, "MULTI_STEP": {"steps": [{"url": peer.url()}]},
            }  # fmt: skip
            try:
                await probe("HTTP", peer.url(), network=network)  # opens what is kept open
                with no_descriptors():
                    return await probe(
                        kind, endpoints.get(kind, peer.endpoint), configs.get(kind), network=network
                    )
            finally:
                network.close()

    observation = go(story())
    assert (observation.status, observation.failure_kind) == (
        Status.UNKNOWN,
        FailureKind.OWN_OUTAGE,
    )
    assert "no file descriptors left" in observation.error


class Clock:
    """The monotonic clock of the connectivity check, moved by hand."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(connectivity, "monotonic", clock)
    return clock


def seen(clock, *observed):
    """Return whether a monitor is unable after each of these (second, observation)."""

    async def story():
        network = Network(ANYWHERE)
        check, found, began = ConnectivityCheck(network, ()), [], clock.now
        for second, observation in observed:
            clock.now = began + second
            await check.confirm(TARGET, observation, clock.now)
            found.append(check.unable_since is not None)
        network.close()
        return found

    return go(story())


def test_an_outage_that_goes_on_in_some_checks_is_one(clock):
    some = [(second, OUTAGE if second % 2 else FINE) for second in range(20)]
    assert seen(clock, *some)[-1]


def test_one_failure_is_no_outage(clock):
    assert seen(clock, (0, OUTAGE), (5, FINE), (60, OUTAGE), (65, OUTAGE)) == [False] * 4


def test_an_outage_is_noticed_however_rarely_is_checked(clock):
    assert seen(clock, (0, OUTAGE), (60, OUTAGE)) == [False, True]
    assert seen(clock, (0, OUTAGE), (5, OUTAGE), (11, OUTAGE)) == [False, False, True]


def test_an_outage_of_some_checks_ends_when_none_has_failed_for_half_a_minute(clock):
    outage = [(0, OUTAGE), (11, OUTAGE), (12, FINE), (20, OUTAGE), (49, FINE), (51, FINE)]
    assert seen(clock, *outage) == [False, True, True, True, True, False]


def test_what_one_check_lacks_is_no_outage(clock):
    assert not any(seen(clock, *((second, NO_PING) for second in range(100))))


def test_isolation_ends_where_everything_passes_again(monkeypatch):
    """The last failure may have asked in the moment before the network came back."""
    monkeypatch.setattr(connectivity, "_VERDICT_SECONDS", 0.0)

    async def story():
        network = Network(ANYWHERE)
        with socket.socket() as closed:  # bound: refused, and nobody else can have the port
            closed.bind(("127.0.0.1", 0))
            host = f"127.0.0.1:{closed.getsockname()[1]}"
            check = ConnectivityCheck(network, (host,))
            with monkeypatch.context() as dark:
                dark.setattr(check, "_answers", in_the_dark)
                await check.confirm(TARGET, LOST, monotonic())
            assert check.unable_since is not None
            await check.confirm(TARGET, FINE, monotonic())
            for _ in range(3000):
                await asyncio.sleep(0.01)
                if check.unable_since is None:
                    break
        network.close()
        return check.unable_since

    async def in_the_dark(_host):
        return False

    assert go(story()) is None


def test_the_operators_are_told(context, alice, rows):
    rows("UPDATE users SET is_operator = true WHERE id = %s", alice.user_id)
    ((now,),) = rows("SELECT now()")
    regions.pulse(f"{socket.gethostname()}:1", "default", now)
    regions.watch()
    (alert,) = alice.get("/alerts").json
    assert alert["title"] == "The monitor is blind"
    assert "file descriptors, memory, its name server" in alert["message"]
    regions.pulse(f"{socket.gethostname()}:1", "default", None)
    regions.watch()
    assert rows("SELECT status FROM alerts") == [("resolved",)]
