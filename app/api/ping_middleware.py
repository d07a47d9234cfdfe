"""Middleware in front of Flask that stores ordinary pings; the views handle all the rest.

Flask and its hooks cost four times what the rest of a ping does. Whatever is not an ordinary ping
with a known key goes on to `app/api/heartbeat_ping.py`, which validates and answers all of it. A
ping taken here is in the heartbeat's history, and therefore not in the log as well.
"""

import io
import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from app.api import request_hooks
from app.api.ping_bodies import Beginning, BrokenBody, read_beginning
from app.api.ping_request import PingRequest, incoming_ping, parse_ping
from app.domain.accounts.client_addresses import client_address
from app.domain.heartbeats.push_formats import with_body
from app.ingest.batcher import PingBatcher
from app.operations.heartbeats.pings import MAX_KEPT_BODY_BYTES, Receipt
from app.platform.config import Config
from app.platform.errors import AppError, BadRequest, Unavailable
from app.platform.events import timestamp

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

HEARTBEAT, HEALTHCHECKS = "/api/v1/heartbeat/", "/ping/"
HEALTHCHECKS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Ping-Body-Limit": str(MAX_KEPT_BODY_BYTES),
}
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT"))
_COMMON = list(request_hooks._HEADERS.items())
_JSON = [*_COMMON, ("Content-Type", "application/json")]
_BROKEN = BadRequest("the body is not valid HTTP")
_PLAIN = "text/plain; charset=utf-8"
_TEXT = [*_COMMON, *HEALTHCHECKS_HEADERS.items(), ("Content-Type", _PLAIN)]


class PingMiddleware:
    """WSGI middleware that answers ordinary pings and hands on every other request."""

    def __init__(
        self, application: Application, config: Config, batcher: Callable[[], PingBatcher]
    ) -> None:
        self._application = application
        self._trusted_proxies = config.trusted_proxies
        self._batcher = batcher

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a ping, or let the application answer."""
        path: str = environ["PATH_INFO"]
        if path.startswith((HEARTBEAT, HEALTHCHECKS)):
            is_plain = path.startswith(HEALTHCHECKS)
            try:
                beginning = read_beginning(environ)
            except BrokenBody:
                return _refuse(_BROKEN, environ, start_response, is_plain=is_plain)
            _put_back(environ, beginning.body)
            answer = self._take(environ, path, beginning, start_response)
            if answer is not None:
                return answer
            if is_plain:
                return self._refuse_in_text(environ, start_response)
        return self._application(environ, start_response)

    def _refuse_in_text(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """Let the application answer, and tell a client of Healthchecks only the sentence."""
        began: list[Any] = []
        answer = self._application(environ, lambda *data: began.extend(data[:2]))
        body = b"".join(answer)
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        status, headers = began
        if dict(headers).get("Content-Type") == "application/json":
            body = json.loads(body)["error"].encode() if body else b""
            own = {"Content-Type": _PLAIN, "Content-Length": str(len(body))}
            headers = [*(pair for pair in headers if pair[0] not in own), *own.items()]
        start_response(status, headers)
        return [body]

    def _take(
        self, environ: Environ, path: str, beginning: Beginning, start_response: StartResponse
    ) -> Iterable[bytes] | None:
        is_plain = path.startswith(HEALTHCHECKS)
        rest = path[len(HEALTHCHECKS if is_plain else HEARTBEAT) :]
        requested = _requested(environ, rest, beginning.body)
        if requested is None:
            return None
        address = environ.get("REMOTE_ADDR")
        if self._trusted_proxies:
            forwarded_for = environ.get("HTTP_X_FORWARDED_FOR", "")
            address = client_address(address, forwarded_for, self._trusted_proxies)
        agent = environ.get("HTTP_USER_AGENT", "")
        ping = incoming_ping(requested, beginning.kept(), address, agent)
        try:
            receipt = self._batcher().submit(ping)
        except Unavailable as error:
            return _refuse(error, environ, start_response, is_plain=is_plain)
        if receipt is None:
            return None
        return _respond(receipt, environ, start_response, is_plain=is_plain)


def only_pings(application: Application) -> Application:
    """Return the application as a port for pings serves it: nothing else is there."""

    def serve(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path.startswith((HEARTBEAT, HEALTHCHECKS)) or path == "/health":
            return application(environ, start_response)
        body = b'{"error":"only pings are served here"}'
        _start(start_response, "404 NOT FOUND", _JSON, environ, body)
        return [body]

    return serve


def _put_back(environ: Environ, body: bytes) -> None:
    """Let the application read the beginning of the body again, as if that were all of it."""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    for name in ("HTTP_TRANSFER_ENCODING", "wsgi.input_terminated"):
        environ.pop(name, None)


def _requested(environ: Environ, rest: str, body: bytes) -> PingRequest | None:
    """Return the ping of a request; None when it is for the views to answer."""
    key, _, action = rest.partition("/")
    if environ["REQUEST_METHOD"] not in _METHODS or not key.isascii() or rest.endswith("/"):
        return None
    query = environ.get("QUERY_STRING")
    named = parse_qs(query, keep_blank_values=True) if query else {}
    first = {name: values[0] for name, values in named.items()}
    said = with_body(first, environ.get("CONTENT_TYPE") or "", body)
    ping = parse_ping(key, action or None, said)
    return ping if isinstance(ping, PingRequest) else None


def _respond(
    receipt: Receipt, environ: Environ, start_response: StartResponse, *, is_plain: bool
) -> list[bytes]:
    body = b"OK" if is_plain else answer_of(receipt)
    _start(start_response, "200 OK", _TEXT if is_plain else _JSON, environ, body)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def answer_of(receipt: Receipt) -> bytes:
    """Return the documented answer to a ping."""
    answer = {
        "status": "ok",
        "monitor": receipt.name,
        "pinged_at": timestamp(receipt.received_at),
    }
    return json.dumps(answer, separators=(",", ":")).encode()


def _refuse(
    error: AppError, environ: Environ, start_response: StartResponse, *, is_plain: bool
) -> list[bytes]:
    body = error.message if is_plain else json.dumps({"error": error.message})
    headers = [*(_TEXT if is_plain else _JSON)]
    if isinstance(error, Unavailable):
        headers.append(("Retry-After", str(error.retry_after_seconds)))
    status = f"{error.status} {HTTPStatus(error.status).phrase.upper()}"
    _start(start_response, status, headers, environ, body.encode())
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body.encode()]


def _start(
    start_response: StartResponse,
    status: str,
    headers: list[tuple[str, str]],
    environ: Environ,
    body: bytes,
) -> None:
    data = environ.get("HTTP_X_REQUEST_ID", "")
    request_id = data if data and request_hooks._REQUEST_ID.fullmatch(data) else uuid4().hex
    own = [("Content-Length", str(len(body))), ("X-Request-Id", request_id)]
    start_response(status, [*headers, *own])
