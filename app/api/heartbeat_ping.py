"""/heartbeat/{key}, where jobs report; /ping/{key} is the same for clients of Healthchecks."""

from collections.abc import Callable
from typing import cast

from flask import Flask, Response, current_app, g, request

from app.api.http import Blueprint, View
from app.api.ping_middleware import HEALTHCHECKS_HEADERS, PingMiddleware, answer_of
from app.api.ping_request import PingParseError, incoming_ping, parse_ping
from app.domain.heartbeats.push_formats import with_body
from app.ingest import batcher
from app.operations.heartbeats.pings import MAX_KEPT_BODY_BYTES, Receipt
from app.platform.bootstrap import runtime
from app.platform.errors import AppError, NotFound, TooManyRequests, Unavailable
from app.schemas.heartbeat_ping import PingAnswerSchema
from app.security.access import public

bp = Blueprint("heartbeat_ping", __name__, description="Where jobs report, without signing in.")
root_bp = Blueprint("root_heartbeat_ping", __name__, description="As Healthchecks has it.")


def _open_door(app: Flask) -> None:
    batcher.init_app(app)
    config = app.extensions["runtime"].config
    door = PingMiddleware(app.wsgi_app, config, lambda: batcher.batcher_of(app))
    app.wsgi_app = door  # type: ignore[method-assign]


bp.record_once(lambda state: _open_door(state.app))

_PARAMETERS: list[dict[str, object]] = [
    {
        "in": "query",
        "name": "rid",
        "required": False,
        "description": "Pairs a start with its end, where runs may overlap: a UUID, or any other"
        " text, for which the history shows a UUID made from it.",
        "schema": {"type": "string"},
    },
    {
        "in": "query",
        "name": "status",
        "required": False,
        "description": "As in the addresses of other products: `down`, `fail` or `error` is a"
        " failure, `in_progress` a start. So are `state=fail`, `success=false` and an exit status"
        " `s=1`; `msg` or `message` stands in for a body. A body that is a form or a JSON object"
        " may say so in the same fields, where the query names none of them.",
        "schema": {"type": "string"},
    },
]
_BODY = {
    "required": False,
    "description": f"Anything; its first {MAX_KEPT_BODY_BYTES:,} bytes are kept.",
    "content": {"text/plain": {"schema": {"type": "string"}, "example": "backed up 42 files"}},
}


def _documented(blueprint: Blueprint, *, body: bool = False) -> Callable[[View], View]:
    described = {"parameters": _PARAMETERS} | ({"requestBody": _BODY} if body else {})
    return cast(Callable[[View], View], blueprint.doc(**described))


def _take(key: str, action: str | None) -> Receipt:
    """Store the ping that this request is. Raises what every refusal is."""
    # The middleware has cut it, and read the rest away.
    body = request.get_data(cache=False)
    said = with_body(request.args.to_dict(), request.content_type or "", body)
    ping = parse_ping(key, action, said)
    if isinstance(ping, PingParseError):
        raise NotFound(ping.value)
    here = batcher.batcher_of(current_app)
    receipt = here.submit(
        incoming_ping(ping, body, g.client_address, request.headers.get("User-Agent", ""))
    )
    if receipt is None:
        _count_miss(here)
        raise NotFound
    return receipt


def _count_miss(here: batcher.PingBatcher) -> None:
    if not runtime().config.rate_limits:
        return
    wait_seconds = here.unknown_keys.add(g.client_address or "")
    if wait_seconds is not None:
        raise TooManyRequests("too many pings with unknown keys", wait_seconds)


def _respond(key: str, action: str | None = None) -> Response:
    return Response(answer_of(_take(key, action)), mimetype="application/json")


def _respond_as_healthchecks(key: str, action: str | None = None) -> Response:
    try:
        _take(key, action)
    except AppError as error:
        answer = _refuse_as_healthchecks(error)
    else:
        answer = Response("OK", mimetype="text/plain")
    answer.headers.update(HEALTHCHECKS_HEADERS)
    return answer


def _refuse_as_healthchecks(error: AppError) -> Response:
    answer = Response(error.message, status=error.status, mimetype="text/plain")
    if isinstance(error, TooManyRequests | Unavailable):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


@bp.post("/heartbeat/<key>")
@public
@_documented(bp, body=True)
@bp.returns(PingAnswerSchema, description="Stored durably.")
def ping(key: str) -> Response:
    """Report a success

    Ends the run that was started, if any. Answered only after it is stored durably; with 503, send
    it again. HEAD works as well.
    """
    return _respond(key)


@bp.get("/heartbeat/<key>")
@public
@_documented(bp)
@bp.returns(PingAnswerSchema, description="Stored durably.")
def ping_by_get(key: str) -> Response:
    """Report a success without a body"""
    return _respond(key)


@bp.put("/heartbeat/<key>")
@public
@_documented(bp, body=True)
@bp.returns(PingAnswerSchema, description="Stored durably.")
def ping_by_put(key: str) -> Response:
    """Report a success by PUT

    The same as POST: clients that upload a log do so by PUT.
    """
    return _respond(key)


@bp.post("/heartbeat/<key>/<action>")
@public
@_documented(bp, body=True)
@bp.returns(PingAnswerSchema, description="Stored durably.")
def ping_action(key: str, action: str) -> Response:
    """Report a start, a failure, a note or an exit status

    `start`, `fail`, `log`, or an exit status: 0 is a success, any other number a failure, and 1 to
    255 is kept. Any other action is refused, and its ping is lost: 404 says so.
    """
    return _respond(key, action)


@bp.get("/heartbeat/<key>/<action>")
@public
@_documented(bp)
@bp.returns(PingAnswerSchema, description="Stored durably.")
def ping_action_by_get(key: str, action: str) -> Response:
    """Report a start, a failure, a note or an exit status without a body"""
    return _respond(key, action)


@bp.put("/heartbeat/<key>/<action>")
@public
@_documented(bp, body=True)
@bp.returns(PingAnswerSchema, description="Stored durably.")
def ping_action_by_put(key: str, action: str) -> Response:
    """Report a start, a failure, a note or an exit status by PUT

    The same as POST: clients that upload a log do so by PUT.
    """
    return _respond(key, action)


_OK = {"type": "string", "const": "OK"}


@root_bp.post("/ping/<key>")
@public
@_documented(root_bp, body=True)
@root_bp.returns(_OK, content_type="text/plain", description="Stored durably.")
def healthchecks_ping(key: str) -> Response:
    """Report a success as to Healthchecks

    Its clients and wrappers work with this server by changing the host and the key.
    """
    return _respond_as_healthchecks(key)


@root_bp.get("/ping/<key>")
@public
@_documented(root_bp)
@root_bp.returns(_OK, content_type="text/plain", description="Stored durably.")
def healthchecks_ping_by_get(key: str) -> Response:
    """Report a success as to Healthchecks, without a body"""
    return _respond_as_healthchecks(key)


@root_bp.put("/ping/<key>")
@public
@_documented(root_bp, body=True)
@root_bp.returns(_OK, content_type="text/plain", description="Stored durably.")
def healthchecks_ping_by_put(key: str) -> Response:
    """Report a success as to Healthchecks, by PUT

    The same as POST: clients that upload a log do so by PUT.
    """
    return _respond_as_healthchecks(key)


@root_bp.post("/ping/<key>/<action>")
@public
@_documented(root_bp, body=True)
@root_bp.returns(_OK, content_type="text/plain", description="Stored durably.")
def healthchecks_action(key: str, action: str) -> Response:
    """Report a start, a failure, a note or an exit status as to Healthchecks"""
    return _respond_as_healthchecks(key, action)


@root_bp.get("/ping/<key>/<action>")
@public
@_documented(root_bp)
@root_bp.returns(_OK, content_type="text/plain", description="Stored durably.")
def healthchecks_action_by_get(key: str, action: str) -> Response:
    """Report a start, a failure, a note or an exit status as to Healthchecks, without a body"""
    return _respond_as_healthchecks(key, action)


@root_bp.put("/ping/<key>/<action>")
@public
@_documented(root_bp, body=True)
@root_bp.returns(_OK, content_type="text/plain", description="Stored durably.")
def healthchecks_action_by_put(key: str, action: str) -> Response:
    """Report a start, a failure, a note or an exit status as to Healthchecks, by PUT

    The same as POST: clients that upload a log do so by PUT.
    """
    return _respond_as_healthchecks(key, action)
