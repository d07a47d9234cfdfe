"""HTTP answers that are not as they should be: each says what is wrong, and none holds us up."""

import asyncio
import time

import pytest

from app.domain.types import FailureKind, Status
from tests.loopback import Answer, go, http, probe, tcp

OK = b"HTTP/1.1 200 OK\r\n"
END = b"\r\n\r\nhello"
HELLO = {"body_contains": "hello"}


def ask(data, config=HELLO, **options):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()

    async def story():
        async with tcp(handler) as peer:
            return await probe("HTTP", peer.url("/"), config, **options)

    return go(story())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (OK + b"Content-Length: 5\r\nContent-Length: 7" + END, "Content-Length"),
        (OK + b"Content-Length: -5" + END, "Content-Length"),
        (OK + b"Content-Length: five" + END, "Content-Length"),
        (OK + b"X-Note no colon\r\nContent-Length: 5" + END, "a header line of the answer has no"),
        (OK + b"X-Note: a\0b\r\nContent-Length: 5" + END, "NUL byte"),
        (OK + b"Location: /a\r\nLocation: /b\r\nContent-Length: 5" + END, "several addresses"),
        (OK + b"Transfer-Encoding: gzip, chunked" + END, "transfer encoding"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello", "chunks"),
        (b"HTTP/1.1 099 Low\r\nContent-Length: 5" + END, "status code"),
        (b"HTTP/1.9 200 OK\r\nContent-Length: 5" + END, "version of HTTP"),
        (b"HTTP/2 200 OK\r\nContent-Length: 5" + END, "HTTP/2"),
        (b"HTTP/3 200 OK\r\nContent-Length: 5" + END, "HTTP/3"),
        (b"HTTP/1.1 20 OK\r\nContent-Length: 5" + END, "lacks a status code"),
        (b"HTTP/1.1\r\nContent-Length: 5" + END, "lacks a status code"),
        (b"HTTP/1.1 1000 OK\r\nContent-Length: 5" + END, "a status code that HTTP does not know"),
        (OK + b"X-Note: a\rb\r\nContent-Length: 5" + END, "carriage return"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello", "chunks"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n", "chunks"),
        (b"ICY 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n", "Shoutcast"),
        (b"<!DOCTYPE html><p>hello", "HTTP/0.9"),
    ],
)
def test_what_cannot_be_read_is_named(data, words):
    observation = ask(data)
    assert observation.status is Status.RED
    assert observation.failure_kind is FailureKind.PROTOCOL
    assert words in observation.error


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 20
        + OK
        + b"Content-Length: 5"
        + END,
        OK + b"Content-Length: 5, 5" + END,
        OK
        + b'Transfer-Encoding: chunked\r\nTrailer: A\r\n\r\n5;a="b"\r\nhello\r\n0\r\nA: 1\r\n\r\n',
        b"HTTP/1.1 200\nContent-Length: 5\n\nhello",
    ],
)
def test_what_everybody_reads_is_read(data):
    observation = ask(data)
    assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize(
    "data",
    [
        OK,
        OK + b"Content-Length: 0\r\n",
        OK + b"Content-Le",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"Content-Length: 0\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /l",
    ],
)
def test_a_head_that_is_cut_is_no_answer(data):
    """RFC 9112 8: without the end of its headers an answer is incomplete, whatever its status."""
    observation = ask(data, {})
    assert observation.status is Status.RED
    assert observation.failure_kind is FailureKind.CLOSED
    assert observation.error == "the answer ended before it was complete"


def test_a_change_of_protocol_is_an_answer():
    """After a 101 comes no HTTP any more, and the connection may stay open for ever."""

    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")
        await asyncio.sleep(3600)

    async def story(config):
        async with tcp(handler) as peer:
            return await probe("HTTP", peer.url("/"), config, timeout_seconds=20)

    assert go(story({})).error == "expected status 2xx, got 101"
    observation = go(story({"expected_status": 101, "headers": {"Upgrade": "websocket"}}))
    assert (observation.status, observation.status_code) == (Status.GREEN, 101), observation.error


def test_an_interim_answer_alone_is_named():
    observation = ask(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert observation.error == (
        "the server closed the connection after an interim answer (1xx), without another"
    )


def test_interim_answers_without_end_cost_nothing():
    started = time.process_time()
    observation = ask(b"HTTP/1.1 102 Processing\r\n\r\n" * 10_000, timeout_seconds=5)
    assert observation.error == "the server sends interim answers (1xx) without end"
    assert time.process_time() - started < 1


def test_headers_are_read_in_utf_8_and_in_latin_1():
    for charset in ("utf-8", "latin-1"):
        data = OK + "X-Stadt: Köln\r\nContent-Length: 5".encode(charset) + END
        observation = ask(data, {"header_contains": {"x-stadt": "Köln"}})
        assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is empty"),
        (b"\n<html>404</html>", "it looks like HTML"),
        (b'{"a": "\xe4"}', "it is not in UTF-8"),
    ],
)
def test_what_stands_in_the_place_of_json_is_named(body, words):
    data = OK + b"Connection: close\r\n\r\n" + body
    rule = {"path": "$.a", "value": 1}
    assert words in ask(data, {"json_path": [rule]}).error


def follow(location):
    def responder(request):
        headers = {} if request.path == "/b" else {"Location": location}
        return Answer("302 Found" if headers else "200 OK", headers)

    async def story():
        async with http(responder) as (peer, seen):
            observation = await probe("HTTP", peer.url("/a"))
            await asyncio.sleep(0)
            return observation, [request.headers for request in seen]

    return go(story())


def test_a_circle_of_redirects_is_named():
    observation, seen = follow("/a#top")
    assert "circle" in observation.error
    assert "/a" in observation.error
    assert len(seen) == 11


def test_an_empty_location_leads_nowhere():
    observation, seen = follow("")
    assert observation.error == (
        "expected status 2xx, got 302; it names no address to go to (Location)"
    )
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("//", "the host is missing"),
        ("http://", "the host is missing"),
        ("https:///", "the host is missing"),
        ("///x.invalid/b", "no such host: x.invalid"),  # not a path of this server: WHATWG URL
        ("http:///x.invalid/b", "no such host: x.invalid"),
        ("http://[::1", "the address cannot be read"),
        ("javascript:alert(1)", "must start with http:// or https://"),
        ("http://127.0.0.1:0/", "the port must be a number from 1 to 65535"),
    ],
)
def test_a_redirect_to_no_address_is_not_followed_to_this_server(location, words):
    observation, seen = follow(location)
    assert words in observation.error
    assert len(seen) == 1


def test_one_address_given_twice_is_one():
    head = OK.replace(b"200 OK", b"302 Found") + b"Location: /\r\nLocation: /\r\nContent-Length: 0"
    assert "they lead in a circle" in ask(head + END).error


def test_a_user_in_a_redirect_is_left_out():
    def responder(request):
        if request.path == "/a":
            return Answer("302 Found", {"Location": f"http://me:pw@{request.headers['host']}/b"})
        return Answer()

    async def story():
        async with http(responder) as (peer, seen):
            return await probe("HTTP", peer.url("/a")), seen

    observation, seen = go(story())
    assert observation.status is Status.GREEN, observation.error
    assert "authorization" not in seen[1].headers
