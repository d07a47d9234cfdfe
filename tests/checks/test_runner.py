"""The fence: whatever a check meets, there is one observation, in time, without secrets."""

import asyncio
import json
import logging
import resource
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app.checks import CHECK_TYPES
from app.checks.base import CheckFailed
from app.checks.runner import run
from app.domain.types import FailureKind, Probe, Status, Target
from app.network.errors import Inconclusive, NetworkError
from app.network.network import Network
from app.network.trace import trace
from tests import loopback
from tests.loopback import ANYWHERE, go, probe
from tests.waiting import stretched


def observe(target):
    async def story():
        network = Network(ANYWHERE)
        try:
            return await run(target, network)
        finally:
            network.close()

    return go(story())


def target(kind="TCP", endpoint="127.0.0.1:1", config=None, timeout_seconds=0.5):
    return Target(kind, endpoint, timeout_seconds, 1000, config or {})


@pytest.fixture
def a_check_that(monkeypatch):
    """Replace what the TCP check does."""

    def install(action):
        async def behave(target, network):
            return await action()

        monkeypatch.setitem(CHECK_TYPES._plugins, "TCP", replace(CHECK_TYPES["TCP"], run=behave))

    return install


class TestOutcomes:
    def test_a_check_that_hangs_ends_with_its_stage(self, a_check_that):
        async def hang():
            trace().stage = "counting sheep"
            await asyncio.sleep(60)

        a_check_that(hang)
        started = time.monotonic()
        observation = observe(target())
        assert time.monotonic() - started < stretched(0.7)
        assert observation.error == "timed out after 0.5 s while counting sheep"
        assert observation.failure_kind is FailureKind.TIMED_OUT
        assert observation.evidence == {"stage": "counting sheep"}
        assert observation.response_time_ms is None

    def test_a_check_that_breaks_tells_nothing_of_the_target_and_is_logged_once(
        self, a_check_that, caplog
    ):
        async def break_down():
            raise KeyError("s3cret")

        a_check_that(break_down)
        with caplog.at_level(logging.ERROR):
            for _ in range(3):
                observation = observe(target())
        assert observation.status is Status.UNKNOWN
        assert observation.failure_kind is FailureKind.OWN_FAULT
        assert observation.error == "the check itself failed: KeyError"
        assert sum("failed by itself" in record.message for record in caplog.records) <= 1

    def test_the_monitors_own_trouble_is_unknown(self, a_check_that):
        async def fail():
            raise Inconclusive("the monitor has no file descriptors left")

        a_check_that(fail)
        observation = observe(target())
        assert observation.status is Status.UNKNOWN
        assert observation.failure_kind is FailureKind.OWN_LIMIT

    @pytest.mark.parametrize(
        "error", [NetworkError("a\nb\x1b[31m", FailureKind.TLS), CheckFailed("a\nb\x1b[31m")]
    )
    def test_errors_are_one_line(self, a_check_that, error):
        async def fail():
            raise error

        a_check_that(fail)
        assert observe(target()).error == "a\\x0ab\\x1b[31m"

    def test_errors_are_short(self, a_check_that):
        async def fail():
            raise NetworkError("\x00" * 4000, FailureKind.TLS)

        a_check_that(fail)
        assert len(observe(target()).error) == 500

    def test_an_operating_system_timeout_is_not_the_deadline(self, a_check_that):
        async def fail():
            raise TimeoutError

        a_check_that(fail)
        assert observe(target()).error == "the connection timed out"

    def test_a_warning_and_a_slow_answer_are_yellow_with_their_reason(self, a_check_that):
        async def warn():
            return Probe(ok=True, warning="the certificate ends soon")

        a_check_that(warn)
        observation = observe(target())
        assert (observation.status, observation.error) == (
            Status.YELLOW,
            "the certificate ends soon",
        )

        async def crawl():
            return Probe(ok=True, response_time_ms=1234.4)

        a_check_that(crawl)
        observation = observe(target())
        assert (observation.status, observation.error) == (
            Status.YELLOW,
            "slow: answered after 1234 ms, expected within 1000 ms",
        )

    def test_an_unknown_type_and_a_broken_endpoint_are_no_crash(self):
        assert observe(target("NOPE")).status is Status.UNKNOWN
        assert observe(target("HTTPS")).status is Status.UNKNOWN  # aliases are folded before
        observation = observe(target(endpoint="nonsense"))
        assert observation.error.startswith("the endpoint cannot be used: the port is missing")

    def test_cancelling_the_caller_is_not_swallowed(self, a_check_that):
        async def hang():
            await asyncio.sleep(60)

        a_check_that(hang)

        async def story():
            network = Network(ANYWHERE)
            task = asyncio.create_task(run(target(timeout_seconds=30), network))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            network.close()

        go(story())


POISON = [
    None,
    [],
    "text",
    5,
    {"headers": 5},
    {"headers": {"a": None}},
    {"steps": [None]},
    {"steps": "x"},
    {"basic_auth": []},
    {"basic_auth": {"username": 1}},
    {"expected_status": {}},
    {"json_path": [{}]},
    {"body_regex": "("},
    {"resolver": 7},
    {"count": "many"},
    {"send": 1, "expect": 2},
    {"payload_hex": "zz"},
    {"username": [], "password": {}},
    {"starttls": "smoke"},
    {"sslmode": 9},
    {"metadata": "x", "service": 1},
    {"host_key_fingerprint": 3},
]


@pytest.mark.parametrize("kind", [kind for kind, _ in CHECK_TYPES.items()])
def test_a_config_that_somebody_broke_in_the_database_is_no_crash(kind):
    """A poison row costs its own check, never the worker (fault F20)."""

    async def story():
        network = Network(ANYWHERE, nameservers=("127.0.0.1:1",))
        try:
            async with loopback.http() as (peer, _):
                for poison in POISON:
                    for endpoint in (peer.url(), peer.endpoint, "127.0.0.1", "\x00", ""):
                        one = Target(kind, endpoint, 0.05, 1000, poison)
                        observation = await run(one, network)
                        assert observation.status in set(Status)
                        assert observation.error is None or len(observation.error) <= 500
                        json.dumps(observation.evidence)
        finally:
            network.close()

    logging.disable(logging.CRITICAL)
    try:
        go(story())
    finally:
        logging.disable(logging.NOTSET)


def test_secrets_are_masked_in_error_and_evidence():
    async def echo(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).replace(b"\r", b"")
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n%s" % (len(head), head))

    config = {
        "basic_auth": {"username": "bob", "password": "hunter22"},
        "headers": {"X-Api-Key": "k-12345", "Accept": "text/html"},
    }

    async def story():
        async with loopback.tcp(echo) as peer:
            return await probe("HTTP", peer.url(), config)

    observation = go(story())
    shown = repr(observation)
    for hidden in ("hunter22", "k-12345", "Ym9iOmh1bnRlcjIy"):
        assert hidden not in shown
    assert "text/html" in shown


@contextmanager
def no_descriptors_left():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("kind", "endpoint"),
    [
        ("HTTP", "http://127.0.0.1:{port}/"),
        ("TCP", "127.0.0.1:{port}"),
        ("UDP", "127.0.0.1:{port}"),
        pytest.param("PING", "127.0.0.1", marks=loopback.needs_ping),
    ],
)
def test_running_out_of_descriptors_is_the_monitors_fault(kind, endpoint):
    async def story():
        async with loopback.http() as (peer, _):
            network = Network(ANYWHERE)
            try:
                with no_descriptors_left():
                    one = target(kind, endpoint.format(port=peer.port))
                    return await run(one, network)
            finally:
                network.close()

    observation = go(story())
    assert observation.status is Status.UNKNOWN
    assert "file descriptors" in observation.error
