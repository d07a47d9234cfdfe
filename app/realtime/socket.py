"""`GET /api/v1/ws`: the live feed of the caller's organization over a WebSocket.

Frames are `{"type", "seq", "at", "data"}`. The first is `hello`; `ping` follows every 20 seconds.
A client may narrow the feed with `{"subscribe": {"types": […], "service_ids": […]}}`, or only its
check results with `{"subscribe": {"check_results_of": […]}}`, and resumes after a gap with
`?since_seq=`: events still kept are sent again, or `hello` says that it is not.
"""

import json
import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app, g, request
from flask_sock import Sock
from redis import RedisError
from simple_websocket import ConnectionClosed, Server
from werkzeug.exceptions import ServiceUnavailable
from wsproto.events import TextMessage

from app.platform.bootstrap import runtime
from app.platform.clock import monotonic, utcnow
from app.platform.errors import NotFound, TooManyRequests, Unauthorized
from app.platform.events import timestamp
from app.platform.extensions import db
from app.platform.transaction import DATABASE_AWAY
from app.realtime.frames import bound
from app.realtime.hub import Client, Hub, sequence_of
from app.security import access, limits, tickets

log = logging.getLogger(__name__)

PATH = "/api/v1/ws"
_PING_SECONDS = 20.0
_CONNECTIONS_A_MINUTE = 600  # of an organization: each reads what it may have missed
_RECHECK_SECONDS = 30.0  # should nobody say that access has changed
_EXPIRY_AGAIN_SECONDS = 1.0  # where the database's clock is behind ours
_PERMISSION = "feed:read"
_CLOSE_GRACE_SECONDS = 5.0
_MAX_CLIENTS = 1100  # a process; beyond it another process should take the connection
MOST_OF_A_PERSON = 25  # in one process: tabs and devices
MOST_OF_AN_ORGANIZATION = 400
_MANY_OF_A_PERSON = "you have too many live connections; close some"
_MANY_OF_AN_ORGANIZATION = "this organization has too many live connections"
_LATER_SECONDS = 30
_MAX_MESSAGE_BYTES = 65536
_TRY_AGAIN_LATER = 1013  # RFC 6455, IANA registry of close codes
_POLICY_VIOLATION = 1008

_FILTERS = ("types", "service_ids", "check_results_of")
_USAGE = 'send {"subscribe": {"types": [], "service_ids": [], "check_results_of": []}}'

sock = Sock()


@dataclass(frozen=True, slots=True)
class Pass:
    """Credentials of a live client: its token, and the slug of the organization it chose."""

    token: str
    slug: str | None


def init_app(app: Flask) -> None:
    """Add the live feed to the web application."""
    app.config["SOCK_SERVER_OPTIONS"] = {
        "ping_interval": 25,  # drops peers that are gone without a word
        "max_message_size": _MAX_MESSAGE_BYTES,
    }
    app.extensions["hub"] = Hub(app.extensions["runtime"].redis)
    app.before_request(_admit)
    app.teardown_request(_leave)
    sock.init_app(app)


def _admit() -> None:
    """Refuse a bad token before the upgrade, where an HTTP answer is still possible."""
    if request.path.rstrip("/") != PATH:
        return
    g.feed_pass = _pass()
    g.feed_principal = access.authenticate(g.feed_pass.token, slug=g.feed_pass.slug)
    caller = g.feed_principal
    access.check_permission(caller, _PERMISSION)
    limits.count_costly(
        "connections of the live feed", str(caller.organization_id), _CONNECTIONS_A_MINUTE
    )
    hub = _hub()
    with hub.admission:  # what is counted stays so until this client counts as well
        if hub.count() >= _MAX_CLIENTS:
            raise ServiceUnavailable("too many live connections to this process")
        if hub.count(user_id=caller.user_id) >= MOST_OF_A_PERSON:
            raise TooManyRequests(_MANY_OF_A_PERSON, _LATER_SECONDS)
        if hub.count(organization_id=caller.organization_id) >= MOST_OF_AN_ORGANIZATION:
            raise TooManyRequests(_MANY_OF_AN_ORGANIZATION, _LATER_SECONDS)
        g.feed_client = Client(caller.organization_id, caller.user_id)
        hub.reserve(g.feed_client)
    access.note_session(caller.unnoted)
    # Compression costs a quarter of a megabyte of state for each client; frames are small.
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)


def _leave(_error: BaseException | None) -> None:
    """Give the place of this request's client back, also when it never became a WebSocket."""
    client = g.pop("feed_client", None)
    if client is not None:
        _hub().leave(client)


def _pass() -> Pass:
    """Return what this client shows: a ticket, a token in the address, a header, or the session of
    a browser. Raises Unauthorized without any, Forbidden for the cookie on a stranger's page."""
    slug = access.chosen_slug()
    if "ticket" in request.args:
        token, its_slug = tickets.redeem(request.args["ticket"])
        return Pass(token, slug if slug is not None else its_slug)
    if "token" in request.args:
        return Pass(request.args["token"], slug)
    return Pass(access.request_token(), slug)


@sock.route(PATH)  # type: ignore[untyped-decorator]
@access.public
def live(server: Server) -> None:
    """Serve one client until it leaves, falls behind, or loses its membership."""
    client, shown = g.feed_client, g.feed_pass
    db.session.remove()  # a connection held for hours must not hold one to the database
    hub = _hub()
    bound(server, lambda: _close(server, _POLICY_VIOLATION, "too many frames"))
    hub.join(client)
    listener = threading.Thread(target=_listen, args=(server, client), daemon=True)
    try:
        listener.start()  # before the greeting: whoever does not read it may send all the same
        _greet(server, client)
        _serve(server, client, shown, g.feed_principal.token_expires_at)
    except (ConnectionClosed, OSError):
        pass
    finally:
        hub.leave(client)
        client.wake()


def _serve(server: Server, client: Client, shown: Pass, expires_at: datetime | None) -> None:
    next_ping = monotonic() + _PING_SECONDS
    next_recheck = monotonic() + _seconds_to_recheck(expires_at)
    while server.connected:
        frames = client.take(max(0.0, min(next_ping, next_recheck) - monotonic()))
        if client.is_overrun:
            _close(server, _TRY_AGAIN_LATER, "too far behind; resume with since_seq")
            return
        if client.is_doubted or monotonic() >= next_recheck:
            client.is_doubted = False  # before the question: what changes meanwhile is asked anew
            is_welcome, expires_at = _access_now(shown, expires_at)
            if not is_welcome:
                _close(server, _POLICY_VIOLATION, "access has ended")
                return
            next_recheck = monotonic() + _seconds_to_recheck(expires_at)
        for frame in frames:
            if client.is_overrun:
                break
            _send(server, frame)
        if monotonic() >= next_ping:
            next_ping = monotonic() + _PING_SECONDS
            _send(server, _frame("ping", _position(client), {}))


def _seconds_to_recheck(expires_at: datetime | None) -> float:
    """Return how long access is believed: to the moment it expires, and never for long."""
    if expires_at is None:
        return _RECHECK_SECONDS
    left = (expires_at - utcnow()).total_seconds()
    return min(_RECHECK_SECONDS, left if left > 0 else _EXPIRY_AGAIN_SECONDS)


def _greet(server: Server, client: Client) -> None:
    """Say hello, and send again what the client missed. It joined already, so nothing is lost."""
    seq = client.after_seq = _position(client)
    since = request.args.get("since_seq", type=int)
    missed: list[str] = []
    resumed = since is None or (since == seq and client.was_heard)
    if since is not None and since < seq:
        kept = _kept(client)
        numbered = [(sequence_of(frame), frame) for frame in kept]
        missed = [frame for number, frame in numbered if since < number <= seq]
        resumed = client.was_heard and bool(numbered) and numbered[0][0] <= since + 1
    _send(server, _frame("hello", seq, {"resumed": resumed, "missed": len(missed)}))
    for frame in missed:
        _send(server, frame)


def _listen(server: Server, client: Client) -> None:
    """Take the client's wishes until it is gone."""
    try:
        while server.connected:
            message = server.receive()
            if message is not None:
                _subscribe(client, message)
    except ConnectionClosed:
        pass
    client.wake()


def _subscribe(client: Client, message: str | bytes) -> None:
    try:
        wish = json.loads(message)["subscribe"]
        filters = [_words(wish.get(name)) for name in _FILTERS]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        client.send(_frame("error", client.after_seq, {"error": _USAGE}))
        return
    client.types, client.service_ids, client.check_results_of = filters


def _words(wish: Any) -> frozenset[str] | None:
    return frozenset(map(str, wish)) if isinstance(wish, list) else None


def _send(server: Server, frame: str) -> None:
    # The library sends with one send(), which may write only part of a frame to a full buffer.
    server.sock.sendall(server.ws.send(TextMessage(data=frame)))


def _close(server: Server, code: int, reason: str) -> None:
    # A peer that does not read would hold up the closing frame too.
    cutter = threading.Timer(_CLOSE_GRACE_SECONDS, _cut, (server,))
    cutter.daemon = True
    cutter.start()
    server.close(code, reason)


def _cut(server: Server) -> None:
    try:
        server.sock.close()
    except OSError:
        log.debug("the socket was closed already")


def _frame(kind: str, seq: int, data: dict[str, Any]) -> str:
    return json.dumps(
        {"seq": seq, "type": kind, "at": timestamp(utcnow()), "data": data}, separators=(",", ":")
    )


def _position(client: Client) -> int:
    try:
        return runtime().feed.position(client.organization_id)
    except RedisError:
        return 0


def _kept(client: Client) -> list[str]:
    try:
        return runtime().feed.kept(client.organization_id)
    except RedisError:
        return []


def _access_now(shown: Pass, expires_at: datetime | None) -> tuple[bool, datetime | None]:
    """Return whether a client may stay, and when that expires; `expires_at` as it was known."""
    try:
        found = access.authenticate(shown.token, slug=shown.slug)
        access.note_session(found.unnoted)
        return found.may(_PERMISSION), found.token_expires_at
    except (Unauthorized, NotFound):
        return False, None
    except DATABASE_AWAY:
        # An outage of ours is no reason to drop everybody; nor does anything outlive its end by it.
        return expires_at is None or utcnow() < expires_at, expires_at
    finally:
        db.session.remove()


def _hub() -> Hub:
    hub: Hub = current_app.extensions["hub"]
    return hub
