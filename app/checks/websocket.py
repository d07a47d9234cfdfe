"""WEBSOCKET: the upgrade works, and a message comes back if one is expected (RFC 6455)."""

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import (
    InvalidMessage,
    NegotiationError,
    PayloadTooBig,
    ProtocolError,
)
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Event, State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from app.checks.base import CheckConfig, CheckFailed, ProtocolBroken, check_type, url
from app.checks.expectation import matches
from app.checks.fields import Headers, text
from app.checks.wire import Wire, verifies, verify_flag
from app.domain.checks.assertions import shown
from app.domain.checks.endpoints import Url, parse_url
from app.domain.checks.patterns import TimeBudget
from app.domain.types import FailureKind, Probe, Target
from app.network.errors import NetworkError
from app.network.first_bytes import known_protocol
from app.network.http import USER_AGENT
from app.network.network import Network
from app.network.tls import TlsOptions
from app.platform.clock import thread_seconds

SCHEMES = ("ws", "wss")
MAX_MESSAGE = 1024 * 1024
MAX_MESSAGES = 100
MAX_FRAMES = 10_000  # of any kind: a message may come in fragments, and between them pings
_SHOWN = 1_000  # bytes of a message of which a sentence shows a part
MAX_BYTES = 2 * 1024 * 1024
SWITCHING_PROTOCOLS = 101
_NO_CODE = 1005  # of a close frame that gives none (RFC 6455 7.4.1)
# Codes of a close frame in words (RFC 6455 7.4.1, IANA's WebSocket Close Code Number Registry).
_CODES = {
    1000: "it had said all it wanted to",
    1001: "it is going away, for a restart perhaps",
    1002: "it saw a breach of the protocol",
    1003: "it does not take this kind of message",
    1007: "the message was not in the right encoding",
    1008: "the message broke a rule of its own",
    1009: "the message was too big for it",
    1010: "it wants an extension that was not offered",
    1011: "it met an error of its own",
    1012: "it is being restarted",
    1013: "it is overloaded: try again later",
    1014: "the server behind it gave no good answer",
    3000: "it wants a sign-in",
    3003: "the sign-in does not permit this",
    3008: "it waited too long",
}
_OF_LIBRARIES, _OF_APPLICATIONS = range(3000, 4000), range(4000, 5000)
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")
_LOCATION = re.compile(rb"\r\nlocation:([^\r\n]+)", re.IGNORECASE)
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class WebsocketConfig(CheckConfig):
    """Config of a WebSocket check: a message to send, and the answer it must get."""

    headers = Headers("headers to send with the upgrade", {"Origin": "https://app.example.com"})
    send = text("message to send after the upgrade", "ping", max_length=4_096, lines=True)
    expect = text("text a message must contain, or /pattern/ in RE2's syntax", "pong", lines=True)
    subprotocol = text(
        "subprotocol the server must choose, or several to choose from, with commas between",
        "graphql-transport-ws, graphql-ws",
        max_length=200,
    )
    verify_tls = verify_flag()


@check_type(
    "WEBSOCKET",
    "WS",
    config=WebsocketConfig,
    endpoint=url(*SCHEMES),
    label="WebSocket",
)
async def check_websocket(target: Target, network: Network) -> Probe:
    """Upgrade a connection; with `expect` wait for a message that matches."""
    config = target.config
    endpoint = parse_url(target.endpoint, SCHEMES)
    secure = endpoint.scheme == "wss"
    tls = TlsOptions(verify=verifies(config), alpn=("http/1.1",)) if secure else None
    async with network.stream(endpoint.host, endpoint.port, tls=tls) as connection:
        conversation = _Conversation(Wire(network, connection), endpoint, config)
        await conversation.upgrade()
        if config.get("send"):
            conversation.say(config["send"])
        if config.get("expect"):
            await conversation.expect(config["expect"])
        conversation.close()
        return Probe(
            ok=True,
            status_code=SWITCHING_PROTOCOLS,
            phases=connection.phases,
            certificate=connection.certificate,
        )


class _Conversation:
    """One WebSocket, bounded in what it reads. Methods raise CheckFailed and NetworkError."""

    def __init__(self, wire: Wire, endpoint: Url, config: Mapping[str, Any]) -> None:
        self._wire = wire
        names = (config.get("subprotocol") or "").split(",")
        self._subprotocols = [Subprotocol(name.strip()) for name in names if name.strip()]
        self._headers = config.get("headers") or {}
        path, _, query = endpoint.target.partition("?")
        uri = WebSocketURI(endpoint.scheme == "wss", endpoint.host, endpoint.port, path, query)
        self._protocol = ClientProtocol(
            uri, subprotocols=self._subprotocols or None, max_size=MAX_MESSAGE
        )
        self._waiting: deque[Event] = deque()
        self._received = 0
        self._first = self._head = b""

    async def upgrade(self) -> None:
        """Ask for the upgrade and read the answer."""
        request = self._protocol.connect()
        for name, value in {"User-Agent": USER_AGENT, **self._headers}.items():
            if any(sign in value for sign in "\r\n\0"):  # of a secret: configs hold none
                raise NetworkError("a header holds a line break", FailureKind.CONFIGURATION)
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush()
        self._wire.stage("waiting for the upgrade")
        try:
            await self._next_event()
        except CheckFailed as failure:
            if failure.kind is not FailureKind.CLOSED:
                raise
            raise self._hung_up(failure) from None
        if self._subprotocols and self._protocol.subprotocol not in self._subprotocols:
            names = " or ".join(self._subprotocols)
            raise CheckFailed(f"the server does not speak the subprotocol {names}")

    def say(self, text: str) -> None:
        """Send a text message."""
        self._protocol.send_text(text.encode())
        self._flush()

    async def expect(self, expected: str) -> None:
        """Read messages until one matches."""
        waiting, said = f"waiting for {shown(expected)}", ""
        self._wire.stage(waiting)
        message, messages, budget = bytearray(), 0, TimeBudget(thread_seconds)
        for _ in range(MAX_FRAMES):
            try:
                frame = await self._next_event()
            except CheckFailed as failure:
                raise self._ended(failure, said) from None
            if not isinstance(frame, Frame) or frame.opcode not in _DATA:
                continue
            message += frame.data
            if not frame.fin:
                continue
            if matches(bytes(message), expected, budget):
                return
            messages += 1
            if messages == MAX_MESSAGES:
                raise CheckFailed(f"no {shown(expected)} in the first {MAX_MESSAGES} messages")
            text = message[:_SHOWN].decode("utf-8", "replace")
            said = f"; it has said {shown(text)} so far"
            self._wire.stage(f"{waiting}{said}")
            message.clear()
        raise CheckFailed(f"no {shown(expected)} in the first {MAX_FRAMES} frames")

    def _ended(self, failure: CheckFailed, said: str) -> CheckFailed:
        """Return the error for a connection that ended before the text came."""
        if failure.kind is not FailureKind.CLOSED:
            return failure
        sentence = str(failure)
        if self._protocol.close_rcvd is None:
            sentence = "the server broke off the connection without a close frame"
        return CheckFailed(f"{sentence}{said}", kind=FailureKind.CLOSED)

    def close(self) -> None:
        """Say good-bye without waiting for the answer."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self._flush()

    async def _next_event(self) -> Event:
        while not self._waiting:
            if self._protocol.close_rcvd is not None:
                raise _closed(self._protocol.close_rcvd)
            data = await self._wire.some()
            self._first = self._first or data
            self._received += len(data)
            if self._received > MAX_BYTES:
                raise ProtocolBroken("the server sends more than 2 MiB without the text")
            self._protocol.receive_data(self._answer(data))
            self._waiting.extend(self._protocol.events_received())
            self._flush()
            if self._protocol.handshake_exc is not None:
                raise _refused(self._protocol.handshake_exc, self._first)
            if self._protocol.parser_exc is not None:
                raise _broken(self._protocol.parser_exc)
        return self._waiting.popleft()

    def _answer(self, data: bytes) -> bytes:
        """Return what is to be read of the answer, without interim ones (1xx).

        Raises CheckFailed for a refusal as soon as its head is there: its body may never end.
        """
        if self._protocol.state is not State.CONNECTING:
            return data
        self._head += data
        while (found := _STATUS.match(self._head)) and b"\r\n\r\n" in self._head:
            code = int(found[1])
            if code == SWITCHING_PROTOCOLS:
                break
            if code >= 200:
                sentence = f"the upgrade was refused with status {code}{_led_to(code, self._head)}"
                raise CheckFailed(sentence, status_code=code)
            self._head = self._head.partition(b"\r\n\r\n")[2]
        if (found and b"\r\n\r\n" not in self._head) or not self._head:
            return b""
        whole, self._head = self._head, b""
        return whole

    def _hung_up(self, failure: CheckFailed) -> CheckFailed:
        """Return the error for a connection that ended instead of the upgrade."""
        if self._first.startswith(b"HTTP/1."):
            sentence = "the server closed the connection in the middle of its answer to the upgrade"
            return CheckFailed(sentence, kind=FailureKind.CLOSED)
        if self._first:
            return ProtocolBroken(f"the answer is not HTTP{known_protocol(self._first)}")
        if not self._subprotocols:
            return failure
        names = " or ".join(self._subprotocols)
        sentence = f"the server closed the connection without answering; it may not speak {names}"
        return CheckFailed(sentence, kind=FailureKind.CLOSED)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._wire.send(data)


def _led_to(code: int, head: bytes) -> str:
    """Return where a redirect leads, without its query: nobody follows one (RFC 6455 4.1)."""
    found = _LOCATION.search(head) if 300 <= code < 400 else None
    if found is None:
        return ""
    address = found[1].decode("utf-8", "replace").partition("?")[0].strip()
    return f": it redirects to {shown(address)}"


def _closed(close: Close) -> CheckFailed:
    said = f" and the words {shown(close.reason)}" if close.reason else ""
    code = "without a code" if close.code == _NO_CODE else f"with code {close.code}"
    meaning = _meaning(close.code)
    sentence = f"the server closed the WebSocket {code}{said}{f': {meaning}' if meaning else ''}"
    return CheckFailed(sentence, kind=FailureKind.CLOSED)


def _meaning(code: int) -> str:
    if code in _OF_APPLICATIONS:
        return "a code of this application alone, whose documentation tells what it means"
    if code in _OF_LIBRARIES and code not in _CODES:
        return "a code of the library or framework that the application uses"
    return _CODES.get(code, "")


def _broken(error: Exception) -> CheckFailed:
    if isinstance(error, PayloadTooBig):
        return CheckFailed("the server sends a message of more than the 1 MiB that is read here")
    said = f": {error}" if isinstance(error, ProtocolError) and str(error) else ""
    return ProtocolBroken(f"the server does not follow the WebSocket protocol{said}")


def _refused(error: Exception, answer: bytes) -> CheckFailed:
    if isinstance(error, InvalidMessage) and answer.startswith(b"HTTP/1."):
        return ProtocolBroken("the answer to the upgrade is not readable HTTP/1.1")
    if isinstance(error, InvalidMessage):
        return ProtocolBroken(f"the answer is not HTTP{known_protocol(answer)}")
    if isinstance(error, NegotiationError):
        return ProtocolBroken(
            "the server chose a subprotocol or an extension (compression) that was not offered"
        )
    return CheckFailed(f"the upgrade failed: {error}")
