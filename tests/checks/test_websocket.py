"""WebSocket checks against a real server (websockets)."""

import asyncio
import http

import pytest
from websockets.asyncio.server import serve

from app.domain.types import FailureKind, Status
from tests import certificates
from tests.loopback import go, probe, tcp


async def echo(connection):
    async for message in connection:
        await connection.send(f"you said {message}")


def ask(config=None, tls=None, handler=echo, secrets=None, timeout_seconds=2, **server_options):
    async def story():
        async with serve(handler, "127.0.0.1", 0, ssl=tls, **server_options) as server:
            port = server.sockets[0].getsockname()[1]
            scheme = "wss" if tls else "ws"
            address = f"{scheme}://localhost:{port}/chat?x=1"
            options = {"secrets": secrets, "timeout_seconds": timeout_seconds}
            return await probe("WEBSOCKET", address, config, **options)

    return go(story())


def test_an_upgrade_is_green():
    observation = ask()
    assert (observation.status, observation.status_code) == (Status.GREEN, 101)


def test_an_expected_message_is_green():
    assert ask({"send": "ping", "expect": "/^you said ping$/"}).status is Status.GREEN


def test_headers_and_subprotocol_arrive():
    async def handler(connection):
        await connection.send(connection.request.headers["X-Key"] + connection.request.path)

    config = {"headers": {"X-Key": "k1"}, "subprotocol": "chat", "expect": "k1/chat?x=1"}
    observation = ask(config, handler=handler, subprotocols=["chat"])
    assert (observation.status, observation.error) == (Status.GREEN, None)
    assert ask({"subprotocol": "chat"}).error == ("the server does not speak the subprotocol chat")


def test_a_line_break_in_a_secret_begins_no_header():
    asked = []

    async def handler(connection):
        asked.append(connection)

    config = {"headers": {"X-Key": "{{secrets.KEY}}"}}
    observation = ask(config, handler=handler, secrets={"KEY": "k1\r\nX-Other: k2"})
    assert observation.error == "a header holds a line break"
    assert observation.failure_kind is FailureKind.CONFIGURATION
    assert asked == []


def test_a_message_in_fragments_is_put_together():
    async def handler(connection):
        await connection.send(iter(["one ", "two ", "three"]))

    assert ask({"expect": "one two three"}, handler=handler).status is Status.GREEN


def test_a_message_may_come_in_any_number_of_fragments():
    async def handler(connection):
        await connection.send(str(number) for number in range(300))
        await connection.send(iter(["the ", "next"]))

    for expect in ("298299", "/^the next$/"):
        observation = ask({"expect": expect}, handler=handler)
        assert (observation.status, observation.error) == (Status.GREEN, None)


def test_messages_are_counted_and_not_their_fragments():
    async def handler(connection):
        for _ in range(200):
            await connection.send(iter(["no", "thing"]))

    assert ask({"expect": "pong"}, handler=handler).error == ('no "pong" in the first 100 messages')


def test_tls_is_verified_unless_switched_off():
    good = ask(tls=certificates.tls_server())
    assert good.status is Status.GREEN
    assert good.certificate.chain_valid
    bad = certificates.tls_server("b.example")
    assert ask(tls=bad).error == "certificate is for b.example, not localhost"
    assert ask({"verify_tls": False}, tls=bad).status is Status.GREEN


def test_a_refused_upgrade_is_red():
    def refuse(connection, request):
        return connection.respond(http.HTTPStatus.FORBIDDEN, "no")

    observation = ask(process_request=refuse)
    assert observation.error == "the upgrade was refused with status 403"
    assert observation.status_code == 403


def test_a_close_before_the_message_is_red():
    async def handler(connection):
        await connection.close(1011, "broken")

    assert ask({"expect": "x"}, handler=handler).error == (
        'the server closed the WebSocket with code 1011 and the words "broken": it met an error of'
        " its own"
    )


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (1000, "it had said all it wanted to"),
        (1008, "the message broke a rule of its own"),
        (1012, "it is being restarted"),
        (3000, "it wants a sign-in"),
        (3500, "a code of the library or framework that the application uses"),
        (4001, "a code of this application alone, whose documentation tells what it means"),
    ],
)
def test_the_code_of_a_close_is_told_in_words(code, meaning):
    async def handler(connection):
        await connection.close(code)

    told = ask({"expect": "x"}, handler=handler).error
    assert told == f"the server closed the WebSocket with code {code}: {meaning}"


@pytest.mark.parametrize("size", [70_000, 2_000_000])
def test_messages_are_bounded(size):
    async def handler(connection):
        await connection.send("x" * size)
        await connection.wait_closed()

    observation = ask({"expect": "y"}, handler=handler)
    assert observation.status is Status.RED


def test_a_first_message_over_64_kib_is_read():
    async def handler(connection):
        await connection.send("x" * 70_000 + "ready")
        await connection.wait_closed()

    observation = ask({"expect": "ready"}, handler=handler)
    assert (observation.status, observation.error) == (Status.GREEN, None)


def test_one_of_several_subprotocols_is_enough():
    config = {"subprotocol": "mqtt, graphql-ws"}
    assert ask(config, subprotocols=["graphql-ws"]).status is Status.GREEN
    other = ask(config)
    assert other.status is Status.RED
    assert "mqtt or graphql-ws" in other.error


def upgrade_of(answer):
    """Return the observation of a server that answers the request with these bytes and stays."""

    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(3600)

    async def story():
        async with tcp(handler) as peer:
            return await probe("WEBSOCKET", peer.url("/", "ws"), timeout_seconds=2)

    return go(story())


@pytest.mark.parametrize(
    "before", [b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", b"HTTP/1.1 100 On\r\n\r\n"]
)
def test_a_refusal_whose_body_never_ends_is_told_at_once(before):
    observation = upgrade_of(before + b"HTTP/1.1 401 Unauthorized\r\nServer: x\r\n\r\nno")
    assert observation.error == "the upgrade was refused with status 401"
    assert observation.status_code == 401


def test_a_redirect_says_where_it_leads():
    head = b"HTTP/1.1 301 Moved\r\nServer: x\r\nLocation: wss://b.test/chat?token=s3cret\r\n\r\n"
    assert upgrade_of(head).error == (
        'the upgrade was refused with status 301: it redirects to "wss://b.test/chat"'
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            b"HTTP/1.1 101 On\r\nUpgrade\r\n\r\n",
            "the answer to the upgrade is not readable HTTP/1.1",
        ),
        (
            b"HTTP/1.1 101 On\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
            "the answer to the upgrade is not readable HTTP/1.1",
        ),
        (b"SSH-2.0-x\r\n", "the answer is not HTTP; the port speaks SSH"),
    ],
)
def test_what_is_wrong_with_the_answer_is_named(answer, error):
    assert upgrade_of(answer).error == error


@pytest.mark.parametrize("answer", [b"HTTP/1.1 100 On\r\n\r\n", b"HTTP/1.1 101 On\r\nUpgrade: w"])
def test_an_answer_that_is_cut_is_named(answer):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async def story():
        async with tcp(handler) as peer:
            return await probe("WEBSOCKET", peer.url("/", "ws"))

    assert go(story()).error == (
        "the server closed the connection in the middle of its answer to the upgrade"
    )


def test_an_extension_that_was_not_offered_is_named():
    def compress(connection, request, response):
        response.headers["Sec-WebSocket-Extensions"] = "permessage-deflate"

    assert "was not offered" in ask(process_response=compress).error


def test_a_close_without_a_code_says_so():
    async def handler(connection):
        connection.transport.write(b"\x88\x00")
        await connection.wait_closed()

    observation = ask({"expect": "x"}, handler=handler)
    assert observation.error == "the server closed the WebSocket without a code"


def test_a_frame_that_breaks_the_protocol_is_named():
    async def handler(connection):
        connection.transport.write(b"\x81\x81abcd" + b"\x00")
        await connection.wait_closed()

    assert "incorrect masking" in ask({"expect": "x"}, handler=handler).error


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ("close", "the server closed the WebSocket with code 1000: it had said all it wanted to"),
        ("abort", "the server broke off the connection without a close frame"),
        ("stay", 'timed out after 0.5 s while waiting for "ready"'),
    ],
)
def test_what_it_said_instead_is_shown(ending, reason):
    async def handler(connection):
        await connection.send("sign in first")
        if ending == "abort":
            connection.transport.close()
        if ending != "close":
            await asyncio.sleep(5)

    seconds = 0.5 if ending == "stay" else 10
    observation = ask({"expect": "ready"}, handler=handler, timeout_seconds=seconds)
    assert observation.error == f'{reason}; it has said "sign in first" so far'
