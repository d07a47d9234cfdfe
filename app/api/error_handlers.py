"""Failures as one JSON shape; what is not expected is logged and never shown."""

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from gunicorn.http.errors import NoMoreData, ParseException
from redis import RedisError
from sqlalchemy.exc import DataError, DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WsgiResponse

from app.api.http import reply
from app.platform.errors import (
    AppError,
    BadRequest,
    Invalid,
    TooManyRequests,
    Unavailable,
)
from app.platform.transaction import DATABASE_AWAY

log = logging.getLogger(__name__)

_AWAY = "the database is not available at the moment; please try again"
_REDIS_AWAY = "Redis is not available at the moment; please try again"
_SENTENCES = {
    400: "the request could not be read",
    404: "not found",
    413: "the body is larger than 1 MiB",
    415: "the body must be sent as application/json",
}


def register(app: Flask) -> None:
    """Answer every failure of the application in the one shape."""
    app.register_error_handler(AppError, _refused)
    app.register_error_handler(HTTPException, answer_failure)
    for away in (*DATABASE_AWAY, RedisError):
        app.register_error_handler(away, _away)
    for broken in (ParseException, NoMoreData):
        app.register_error_handler(broken, _unreadable)
    app.register_error_handler(DataError, _not_storable)
    app.register_error_handler(Exception, _broken)


def _refused(error: AppError) -> Response:
    body: dict[str, Any] = {"error": error.message}
    if isinstance(error, Invalid):
        body["code"] = error.code
    if error.fields:
        body["fields"] = error.fields
    answer = _answer(body, error.status)
    if isinstance(error, TooManyRequests | Unavailable):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def answer_failure(error: HTTPException) -> WsgiResponse:
    """Return the JSON answer for a failure that the framework found."""
    if error.code is None or error.response is not None:
        return error.get_response()
    if error.code == 405:
        sentence = f"{request.method} is not possible here"
    elif error.code in (400, 408, 415) and error.description != type(error).description:
        sentence = error.description or _SENTENCES.get(error.code, "")
    else:
        sentence = _SENTENCES.get(error.code) or HTTPStatus(error.code).phrase.lower()
    answer = _answer({"error": sentence}, error.code)
    for name, value in error.get_headers():
        if name in ("Allow", "Location", "Retry-After"):
            answer.headers[name] = value
    return answer


def _away(error: Exception) -> Response:
    # The driver's text names hosts and users: it goes to the log, never into the answer.
    cause = error.orig if isinstance(error, DBAPIError) else error
    log.error("a server is away", extra={"why": f"{type(cause).__name__}: {cause}"})
    return _refused(Unavailable(_REDIS_AWAY if isinstance(error, RedisError) else _AWAY))


def _unreadable(error: Exception) -> Response:
    """Answer a body in chunks that are none, or that was cut off; gunicorn finds it as we read."""
    return _refused(BadRequest("the body is not valid HTTP"))


def _not_storable(error: DataError) -> Response:
    log.warning("the database refused a value", extra={"why": str(error.orig)})
    return _refused(Invalid("a value is out of range"))


def _broken(error: Exception) -> Response:
    log.exception("request failed", exc_info=error)
    sentence = f"something broke on our side; the log knows it as request {g.get('request_id')}"
    return _answer({"error": sentence}, 500)


def _answer(body: dict[str, Any], status: int) -> Response:
    g.failure = body["error"]
    return reply(body, status)


def told_failure() -> str | None:
    """Return, once, how this request was refused or failed; None where it was not."""
    sentence: str | None = g.pop("failure", None)
    return sentence
