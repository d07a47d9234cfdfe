"""HTTP checks of what browsers read: cookies, redirects, encodings, charsets, endless answers."""

import asyncio
import gzip
import zlib
from contextlib import asynccontextmanager

import brotli
import pytest

from app.domain.types import FailureKind, Status
from tests.loopback import Answer, go, http, probe, tcp, tls_server


def ask(responder, config=None, path="/", **options):
    async def story():
        async with http(responder) as (peer, seen):
            return await probe("HTTP", peer.url(path), config, **options), seen

    return go(story())


def ask_raw(data, config=None, *, tls=None, stays=False, **options):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        if stays:
            await asyncio.sleep(3600)
        if tls is not None:
            writer.transport.abort()  # no close_notify

    async def story():
        async with tcp(handler, tls) as peer:
            scheme = "https" if tls else "http"
            return await probe("HTTP", peer.url("/", scheme), config, **options)

    return go(story())


class TestCookies:
    def test_a_page_that_wants_its_cookie_back(self):
        def responder(request):
            if "seen=1" in request.headers.get("cookie", ""):
                return Answer()
            return Answer("302 Found", {"Location": "/a", "Set-Cookie": "seen=1; Path=/"})

        observation, seen = ask(responder, path="/a")
        assert observation.status is Status.GREEN, observation.error
        assert len(seen) == 2

    def test_a_cookie_goes_only_where_it_belongs(self):
        def responder(request):
            if request.path == "/a":
                return Answer("302 Found", {"Location": "/b", "Set-Cookie": "k=1; Path=/only"})
            if request.path == "/b":
                return Answer("302 Found", {"Location": "/only/c", "Set-Cookie": "s=2; Secure"})
            return Answer()

        _, seen = ask(responder, path="/a")
        assert [request.headers.get("cookie") for request in seen] == [None, None, "k=1"]

    def test_cookies_of_another_host_are_refused(self):
        def responder(request):
            if request.path == "/a":
                return Answer(
                    "302 Found", {"Location": "/b", "Set-Cookie": "k=1; Domain=example.com"}
                )
            return Answer()

        _, seen = ask(responder, path="/a")
        assert "cookie" not in seen[1].headers

    def test_given_cookies_stay_and_checks_share_none(self):
        def responder(request):
            if request.path == "/a":
                return Answer("302 Found", {"Location": "/b", "Set-Cookie": "k=1"})
            return Answer()

        config = {"headers": {"Cookie": "mine=2"}}
        _, seen = ask(responder, config, path="/a")
        assert [request.headers.get("cookie") for request in seen] == ["mine=2", "mine=2; k=1"]

    def test_a_flow_signs_in_and_stays_signed_in(self):
        def responder(request):
            if request.method == "POST":
                return Answer("302 Found", {"Location": "/home", "Set-Cookie": "sid=7; HttpOnly"})
            if "sid=7" in request.headers.get("cookie", ""):
                return Answer(body=b"welcome")
            return Answer("401 Unauthorized")

        async def story():
            async with http(responder) as (peer, _):
                steps = [
                    {"url": peer.url("/login"), "method": "POST", "body": "user=a"},
                    {"url": peer.url("/home"), "assert": {"body_contains": "welcome"}},
                ]
                return await probe("MULTI_STEP", "sign in", {"steps": steps})

        observation = go(story())
        assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/für".encode().decode("latin-1"), "/f%C3%BCr"),
        ("/f%C3%BCr", "/f%C3%BCr"),
        ("/日本?q=ü".encode().decode("latin-1"), "/%E6%97%A5%E6%9C%AC?q=%C3%BC"),
        ("/f\xfcr", "/f%FCr"),  # Latin-1: no UTF-8, sent as it came
        ("/a b", "/a%20b"),
        ("\\back", "/back"),
    ],
)
def test_where_a_redirect_leads(location, path):
    def responder(request):
        return Answer("302 Found", {"Location": location}) if request.path == "/x" else Answer()

    observation, seen = ask(responder, path="/x")
    assert observation.status is Status.GREEN, observation.error
    assert seen[1].path == path


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


WORDS = b"Willkommen " * 50
BODIES = {
    "gzip": ("gzip", gzip.compress(WORDS)),
    "two members": ("gzip", gzip.compress(WORDS[:100]) + gzip.compress(WORDS[100:])),
    "padding": ("gzip", gzip.compress(WORDS) + b"\0" * 20),
    "x-gzip": ("x-gzip", gzip.compress(WORDS)),
    "deflate": ("deflate", zlib.compress(WORDS)),
    "raw deflate": ("deflate", raw_deflate(WORDS)),
    "brotli": ("br", brotli.compress(WORDS)),
    "twice": ("gzip, gzip", gzip.compress(gzip.compress(WORDS))),
    "S3": ("UTF-8", WORDS),
    "identity": ("identity", WORDS),
    "unknown": ("aws-chunked", WORDS),
    "unknown and gzip": ("gzip, utf-8", gzip.compress(WORDS)),
}


@pytest.mark.parametrize("name", BODIES)
def test_encodings_that_everybody_reads(name):
    encoding, body = BODIES[name]
    answer = Answer(headers={"Content-Encoding": encoding}, body=body)
    observation, _ = ask(lambda request: answer, {"body_contains": "Willkommen Willkommen"})
    assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize(
    ("encoding", "why"),
    [
        ("gzip", "(the body cannot be decompressed)"),
        ("deflate", "(the body cannot be decompressed)"),
        ("br", "(the body cannot be decompressed)"),
        ("zstd", "(the body comes in zstd, which was not asked for)"),
        ("gzip, compress", "(the body comes in compress, which was not asked for)"),
    ],
)
def test_what_an_unreadable_body_lacks_nobody_can_tell(encoding, why):
    answer = Answer(headers={"Content-Encoding": encoding}, body=b"\x01\x02 no such thing")
    observation, _ = ask(lambda request: answer, {"body_not_contains": "Error"})
    assert observation.error == f'nobody can tell whether the body contains "Error" {why}'
    empty = Answer(headers={"Content-Encoding": encoding}, body=b"")
    observation, _ = ask(lambda request: empty, {"body_not_contains": "Error"})
    assert observation.status is Status.GREEN, "nothing is in an empty body"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_an_encoding_fails_a_check_only_when_the_body_is_asked_for(encoding):
    answer = Answer(headers={"Content-Encoding": encoding}, body=b"\x01\x02 no such thing")
    assert ask(lambda request: answer)[0].status is Status.GREEN
    observation, _ = ask(lambda request: answer, {"body_contains": "x"})
    assert observation.status is Status.RED
    assert observation.failure_kind is FailureKind.ASSERTION
    known = encoding != "zstd"
    assert observation.error.endswith("cannot be decompressed)") is known, observation.error


HEAD = b"HTTP/1.1 200 OK\r\n"


class TestWithoutFarewell:
    def test_a_body_without_length_ends_with_the_connection(self):
        data = HEAD + b"Connection: close\r\n\r\nhello"
        observation = ask_raw(data, {"body_contains": "hello"}, tls=tls_server())
        assert observation.status is Status.GREEN, observation.error

    @pytest.mark.parametrize(
        "rest",
        [b"Content-Length: 50\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello"],
    )
    def test_a_body_that_declares_its_end_must_have_it(self, rest):
        observation = ask_raw(HEAD + rest, tls=tls_server())
        assert observation.status is Status.RED
        assert observation.failure_kind is FailureKind.CLOSED, observation.error


@asynccontextmanager
async def streaming(head, chunk, pause):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + head + b"\r\n")
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)

    async with tcp(handler) as peer:
        yield peer


STREAMS = {
    "Icecast": (b"Content-Type: audio/mpeg\r\nicy-name: Radio\r\n", b"\xff\xfbhello" * 100, 0.01),
    "SSE": (b"Content-Type: text/event-stream\r\n", b"data: hello\n\n", 0.2),
    "idle SSE": (b"Content-Type: text/event-stream\r\n", b"data: hello\n\n", 3600),
    "MJPEG": (
        b"Content-Type: multipart/x-mixed-replace; boundary=hello\r\n",
        b"--hello\r\n\r\njpeg\r\n",
        0.05,
    ),
    "a watch": (b"Content-Type: application/json\r\n", b'{"hello": 1}\n', 0.1),
    "no type": (b"", b"hello\n", 0.1),
}


@pytest.mark.parametrize("config", [{}, {"body_contains": "hello"}, {"body_regex": "h.l+o"}])
@pytest.mark.parametrize("name", STREAMS)
def test_an_endless_answer_ends_when_nothing_more_is_wanted(name, config):
    async def story():
        async with streaming(*STREAMS[name]) as peer:
            return await probe(
                "HTTP", peer.url(), config, timeout_seconds=4, slow_threshold_ms=4_000
            )

    observation = go(story())
    assert observation.status is Status.GREEN, observation.error
    assert observation.status_code == 200


def test_a_stream_without_the_words_fails_in_time():
    async def story():
        async with streaming(*STREAMS["SSE"]) as peer:
            return await probe("HTTP", peer.url(), {"body_contains": "bye"}, timeout_seconds=1)

    assert go(story()).failure_kind is FailureKind.TIMED_OUT


def test_a_page_that_stalls_is_no_stream():
    observation = ask_raw(
        HEAD + b"Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        stays=True,
        timeout_seconds=1.5,
    )
    assert observation.failure_kind is FailureKind.TIMED_OUT


def test_no_sentence_holds_a_number_of_libcurl():
    for data in (b"", b"\0" * 50, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
        assert "curl" not in ask_raw(data).error
