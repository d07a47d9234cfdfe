"""Worker of gunicorn that slow strangers cannot occupy.

The headers of a request have five seconds (`keepalive` in gunicorn.conf.py), its body ten and then
a minimum rate, ten minutes in all, a read of the answer thirty. Whoever sends faster than we read
gives way to the others after each request and each piece of a body, also of one that nobody reads.
One address (of IPv6, one /64) holds so many connections at most, unless it is a reverse proxy of
ours. When a process has nearly all connections it can have, the one that has kept it waiting
longest is closed for each new one: whoever sends a whole request is served. All that goes wrong
before the application sees a request is answered in its one JSON shape.
"""

import contextlib
import json
import logging
import resource
import socket
import sys
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from gevent import sleep
from gunicorn.http import errors
from gunicorn.workers.ggevent import GeventWorker
from werkzeug.exceptions import HTTPException, RequestTimeout

from app.domain.accounts.client_addresses import group, is_trusted
from app.platform.clock import monotonic
from app.platform.config import Config

log = logging.getLogger(__name__)

BODY_SECONDS = 10.0
BODY_BYTES_PER_SECOND = 8 * 1024  # after the first ten seconds
# Of a chunked body all bytes may be frames, of which the application would never see its end.
BODY_MOST_SECONDS = 600.0
ANSWER_SECONDS = 30.0
PER_ADDRESS = 256
MOST_OF_A_PIECE = 64 * 1024  # what is read in one turn of a connection
SPARE = 50  # connections of a process that are kept for who comes next
OWN_FILES = 100  # open files of a process besides its connections: database, Redis, logs
_STATUSES: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED),
    (errors.ForbiddenProxyRequest, HTTPStatus.FORBIDDEN),
    (errors.ParseException, HTTPStatus.BAD_REQUEST),
)


class _Connection:
    """State of an open connection; `waits_since` is None while the application works."""

    def __init__(self, sock: socket.socket, address: str) -> None:
        self.socket = sock
        self.address = address
        self.waits_since: float | None = monotonic()
        self.is_spent = False  # its body was given up, so that nothing after it can be read


class GuardedWorker(GeventWorker):  # type: ignore[misc]
    """Worker that serves many, and gives none of them more than its share."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Where no file can be opened any more, nobody is accepted, and nobody is let go for others.
        self.worker_connections: int = connections_within(
            self.cfg.worker_connections, _open_files()
        )
        self._trusted = Config.from_env().trusted_proxies
        self._open: dict[int, _Connection] = {}
        self._counts: Counter[str] = Counter()
        self._per_address = min(PER_ADDRESS, (self.worker_connections - SPARE) // 2)

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Serve a connection, unless its address has too many."""
        peer = addr[0] if isinstance(addr, tuple) else ""
        address = group(peer) if peer else ""
        capped = bool(peer) and not is_trusted(peer, self._trusted)
        if capped and self._counts[address] >= self._per_address:
            _refuse(client, HTTPStatus.TOO_MANY_REQUESTS, "too many connections from this address")
            client.close()
            return
        self._make_room()
        self._counts[address] += 1
        self._open[client.fileno()] = connection = _Connection(client, address)
        key = client.fileno()
        try:
            super().handle(listener, client, addr)
        finally:
            if self._open.get(key) is connection:
                del self._open[key]
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]

    def _make_room(self) -> None:
        """Close what has kept us waiting longest, while there is too little room."""
        if len(self._open) < self.worker_connections - SPARE:
            return
        waiting = [one for one in self._open.values() if one.waits_since is not None]
        if not waiting:
            return
        longest = min(waiting, key=lambda one: one.waits_since or 0.0)
        longest.waits_since = None
        _shut(longest.socket)

    def handle_request(self, listener_name: Any, req: Any, sock: socket.socket, addr: Any) -> None:
        """Serve one request with a clock on its body and its answer."""
        sleep(0)  # requests that have arrived already would never let another connection begin
        connection = self._open.get(sock.fileno())
        upgrades = any(name == "UPGRADE" for name, _ in req.headers)
        if connection is not None:
            connection.waits_since = None
            if not upgrades:
                _time_body(req.unreader, connection)
        sock.settimeout(None if upgrades else ANSWER_SECONDS)
        try:
            super().handle_request(listener_name, req, sock, addr)
        finally:
            if connection is not None:
                connection.waits_since = monotonic()
                _give_way(req.unreader)
            if sock.fileno() >= 0:
                sock.settimeout(None)
                if connection is not None and connection.is_spent:
                    _shut(sock)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer what failed before or around the application, as the application would."""
        if isinstance(exc, HTTPException):
            status, sentence = HTTPStatus(exc.code or 500), exc.description or "not possible"
        else:
            found = (status for kind, status in _STATUSES if isinstance(exc, kind))
            status = next(found, HTTPStatus.INTERNAL_SERVER_ERROR)
            sentence = "the request could not be read"
            if status is HTTPStatus.INTERNAL_SERVER_ERROR:
                log.exception("request failed outside the application", exc_info=exc)
                sentence = "something broke on our side"
            elif status is not HTTPStatus.BAD_REQUEST:
                sentence = status.phrase.lower()
        _refuse(client, status, sentence)


def connections_within(wanted: int, files: int) -> int:
    """Return how many connections a process takes that may have so many files open."""
    return min(wanted, max(files - OWN_FILES, SPARE + 2))


def _open_files() -> int:
    """Return how many files this process may have open, having asked for all it may ask for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _time_body(unreader: Any, connection: _Connection) -> None:
    """Let the pieces of a body take ten seconds together, and then come at a minimum rate."""
    read = _reader(unreader)
    began_at, received = monotonic(), 0

    def chunk(size_hint: int | None = None) -> bytes:
        nonlocal received
        left = began_at + body_seconds(received) - monotonic()
        if left <= 0:
            raise _too_slow(connection)
        connection.waits_since = began_at
        connection.socket.settimeout(left)
        try:
            piece = read(size_hint)
        except TimeoutError:
            raise _too_slow(connection) from None
        finally:
            connection.waits_since = None
            connection.socket.settimeout(ANSWER_SECONDS)
        received += len(piece)
        return piece

    unreader.chunk = chunk


def body_seconds(received: int) -> float:
    """Return how long a body may have taken of which so many bytes have come, with its frames."""
    return min(BODY_SECONDS + received / BODY_BYTES_PER_SECOND, BODY_MOST_SECONDS)


def _give_way(unreader: Any) -> None:
    """Let reads between two requests, which also discard bodies, take turns with the others."""
    read = _reader(unreader)
    # gunicorn discards a kilobyte at a time and copies all that was read for each: of the megabyte
    # that it would ask for, that takes a quarter of a second.
    unreader.chunk = lambda _size_hint=None: read()


def _reader(unreader: Any) -> Callable[..., bytes]:
    """Reader of one piece. A read of what has arrived already does not wait, and so nobody else
    would have a turn; `keepalive` could not end it either."""
    read: Callable[..., bytes] = type(unreader).chunk.__get__(unreader)

    def chunk(size_hint: int | None = None) -> bytes:
        sleep(0)
        return read(min(size_hint or 0, MOST_OF_A_PIECE))

    return chunk


def _too_slow(connection: _Connection) -> RequestTimeout:
    connection.is_spent = True
    return RequestTimeout("the body came too slowly")


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("a connection that was to be shut has ended by itself")


def _refuse(client: socket.socket, status: HTTPStatus, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n"
    )
    try:
        client.settimeout(1.0)
        client.sendall(head.encode() + body)
    except OSError:
        log.debug("a refusal did not reach its client")
