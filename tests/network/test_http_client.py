"""The curl engine under load, under cancellation, and with handles that are used again."""

import asyncio
import gc
import os
import time

import pytest

from app.network.errors import NetworkError
from app.network.http import HttpRequest
from app.network.network import Network
from app.network.poller import _LoopPoller
from tests import certificates, loopback
from tests.loopback import ANYWHERE, Answer, go
from tests.waiting import stretched, until


def with_network(story):
    async def run():
        network = Network(ANYWHERE, ca_file=certificates.ca_file())
        try:
            return await story(network)
        finally:
            network.close()

    return go(run())


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_nothing_of_one_request_stays_for_the_next():
    async def story(network):
        async with loopback.http() as (peer, seen):
            await network.http(
                HttpRequest(
                    peer.url("/first"),
                    method="POST",
                    headers={"X-Key": "k"},
                    body=b"secret",
                    bearer_token="t",
                )
            )
            await network.http(HttpRequest(peer.url("/second")))
            await network.http(HttpRequest(peer.url("/third"), method="HEAD"))
            await network.http(HttpRequest(peer.url("/fourth")))
            return seen

    first, second, third, fourth = with_network(story)
    assert first.headers["authorization"] == "Bearer t"
    for request in (second, third, fourth):
        assert not {"authorization", "x-key", "content-type"} & set(request.headers)
        assert request.body == b""
    assert [second.method, third.method, fourth.method] == ["GET", "HEAD", "GET"]


def test_verification_switched_off_once_is_on_again_the_next_time():
    async def story(network):
        async with loopback.http(tls=certificates.tls_server("b.example")) as (peer, _):
            url = peer.url("/", "https")
            await network.http(HttpRequest(url, verify_tls=False))
            with pytest.raises(NetworkError, match=r"certificate is for b\.example"):
                await network.http(HttpRequest(url))
            await network.http(HttpRequest(url, verify_tls=False))

    with_network(story)


def test_a_request_has_its_own_deadline_if_it_wants_one():
    async def story(network):
        async with loopback.tcp(loopback.silent) as peer:
            started = time.monotonic()
            with pytest.raises(
                NetworkError, match=r"timed out after 0\.3 s while waiting for the answer"
            ):
                await network.http(HttpRequest(peer.url(), timeout_seconds=0.3))
            return time.monotonic() - started

    assert with_network(story) < stretched(0.6)


def test_a_cancelled_request_lets_go_of_its_connection():
    async def story(network):
        async with loopback.tcp(loopback.silent) as peer:
            tasks = [asyncio.create_task(network.http(HttpRequest(peer.url()))) for _ in range(50)]
            await until(lambda: peer.connections == 50, 10)
            before = open_files()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await until(lambda: before - open_files() >= 50, 10)

    with_network(story)


def test_slow_hosts_do_not_hold_up_fast_ones():
    async def story(network):
        async with loopback.tcp(loopback.silent) as slow, loopback.http() as (fast, _):
            waiting = [
                asyncio.create_task(network.http(HttpRequest(slow.url()))) for _ in range(300)
            ]
            await asyncio.sleep(0.1)
            started = time.monotonic()
            await asyncio.gather(*(network.http(HttpRequest(fast.url())) for _ in range(100)))
            took = time.monotonic() - started
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            return took

    assert with_network(story) < stretched(1.5)


def test_thousands_of_requests_leave_nothing_behind():
    async def story(network):
        async with loopback.http() as (peer, _):

            async def some(count):
                for _ in range(count):
                    await network.http(HttpRequest(peer.url()))

            await asyncio.gather(*(some(5) for _ in range(20)))
            gc.collect()
            files, objects = open_files(), len(gc.get_objects())
            await asyncio.gather(*(some(50) for _ in range(20)))
            await until(lambda: open_files() <= files + 3, 10)
            gc.collect()
            return objects, len(gc.get_objects())

    before, after = with_network(story)
    assert after <= before + 4_000  # the server keeps its 1,000 requests


def test_systems_without_epoll_are_served_too(monkeypatch):
    monkeypatch.delattr("select.epoll")

    async def story(network):
        assert isinstance(network._engine._poller, _LoopPoller)
        async with (
            loopback.http() as (peer, _),
            loopback.http(tls=certificates.tls_server()) as (secure, _),
        ):
            requests = [HttpRequest(peer.url(), method="POST", body=b"x" * 100_000)] * 20
            requests += [HttpRequest(secure.url("/", "https"))] * 5
            return await asyncio.gather(*map(network.http, requests))

    assert {response.status_code for response in with_network(story)} == {200}


def test_interim_answers_are_not_taken_for_the_answer():
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Fine\r\nX: 1\r\nX: 2\r\nContent-Length: 0\r\n\r\n")

    async def story(network):
        async with loopback.tcp(handler) as peer:
            return await network.http(HttpRequest(peer.url()))

    response = with_network(story)
    assert response.status_line == "HTTP/1.1 200 Fine"
    assert response.headers == {"x": "1, 2", "content-length": "0"}


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("", b"\xc3\xa4", "ä"),
        ("; charset=latin-1", b"\xe4", "ä"),
        ("; charset=nonsense", b"\xc3\xa4", "ä"),
        ("", b"Gr\xf6\xdfe", "Größe"),  # no UTF-8: browsers take it for Windows-1252
        ("; charset=utf-8", b"\xff", "\ufffd"),
    ],
)
def test_bodies_become_text(charset, body, text):
    answer = Answer(headers={"Content-Type": f"text/plain{charset}"}, body=body)

    async def story(network):
        async with loopback.http(lambda request: answer) as (peer, _):
            return await network.http(HttpRequest(peer.url()))

    assert with_network(story).text() == text
