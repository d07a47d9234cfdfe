"""Receivers of notifications on loopback: real servers in threads that log what arrives."""

import json
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.free_ports import free_port
from tests.waiting import stretched


@dataclass(frozen=True)
class Answer:
    """What a receiver does with a request.

    `stall_seconds` waits before answering; `die` reads everything and closes without a word.
    """

    status: int = 200
    body: bytes | str | Mapping[str, Any] = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    stall_seconds: float = 0.0
    die: bool = False

    @property
    def raw(self) -> bytes:
        """Return the body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Scripted = int | Answer


@dataclass(frozen=True)
class Received:
    """A request as it arrived; `at` is Unix time after its last byte was read."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    at: float

    @cached_property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @cached_property
    def form(self) -> dict[str, str]:
        """Return the body as a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


class HttpReceiver:
    """Logs every request and answers from a script; its last entry is repeated for ever.

    `with HttpReceiver([500, 500, Answer(429, headers={"Retry-After": "7"}), 200]) as receiver:`
    """

    usual: Scripted = 200

    def __init__(
        self, script: Iterable[Scripted] = (), port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.script = list(script)
        self.requests: list[Received] = []
        self._arrived = threading.Condition()
        self._ended = threading.Event()
        self._scheme = "https" if tls else "http"
        self._server = _Server(("127.0.0.1", port), self._handler())
        if tls:  # the handshake belongs to a connection's own thread
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """Return its address without a path."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def wait_for(self, count: int, timeout_seconds: float = 10.0) -> list[Received]:
        """Return the requests once there are so many. Raises AssertionError after the timeout."""
        with self._arrived:
            patience = stretched(timeout_seconds)
            enough = self._arrived.wait_for(lambda: len(self.requests) >= count, patience)
            assert enough, f"{len(self.requests)} of {count} requests in {timeout_seconds} s"
            return list(self.requests)

    def answer_to(self, request: Received) -> Scripted | None:
        """Return what a look-alike says to a request; None leaves it to the script."""
        return None

    def __enter__(self) -> "HttpReceiver":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, request: Received) -> Answer:
        with self._arrived:
            self.requests.append(request)
            step = self.answer_to(request)
            if step is None:
                step = self.usual
                if self.script:
                    step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            self._arrived.notify_all()
        return Answer(step) if isinstance(step, int) else step

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.command, self.path, headers, body, time.time())
                answer = receiver._next(request)
                self.close_connection = True
                if answer.stall_seconds:
                    receiver._ended.wait(answer.stall_seconds)
                if answer.die:
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.raw)))
                self.end_headers()
                with suppress(OSError):  # whoever asked may have gone
                    self.wfile.write(answer.raw)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: `requests` is the log."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client hangs up."""


@dataclass(frozen=True)
class Mail:
    """A mail as it arrived."""

    sender: str
    recipients: list[str]
    raw: bytes
    at: float

    @cached_property
    def message(self) -> EmailMessage:
        """Return the mail as a reader's program understands it."""
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    def part(self, kind: str) -> str:
        """Return the text of the `plain` or `html` part."""
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


class MailReceiver:
    """A mail server. `refusals` maps a recipient, or `DATA`, to the line it is refused with."""

    def __init__(self, refusals: Mapping[str, str] | None = None, **options: Any) -> None:
        self.refusals = dict(refusals or {})
        self.mails: list[Mail] = []
        self._arrived = threading.Condition()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), **options)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._controller.port)

    @property
    def url(self) -> str:
        """Return its address as SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for(self, count: int, timeout_seconds: float = 10.0) -> list[Mail]:
        """Return the mails once there are so many. Raises AssertionError after the timeout."""
        with self._arrived:
            patience = stretched(timeout_seconds)
            enough = self._arrived.wait_for(lambda: len(self.mails) >= count, patience)
            assert enough, f"{len(self.mails)} of {count} mails in {timeout_seconds} s"
            return list(self.mails)

    def __enter__(self) -> "MailReceiver":
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient (a hook of aiosmtpd)."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail (a hook of aiosmtpd)."""
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        raw = envelope.content
        assert isinstance(raw, bytes)
        with self._arrived:
            self.mails.append(
                Mail(envelope.mail_from or "", list(envelope.rcpt_tos), raw, time.time())
            )
            self._arrived.notify_all()
        return "250 OK queued as 12345"
