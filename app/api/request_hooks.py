"""Hooks around every request: its id, its log line, its limits, and the headers of its answer."""

import re
from http import HTTPStatus
from urllib.parse import unquote_to_bytes, urlsplit
from uuid import uuid4

from flask import Flask, Request, Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.api.request_log import RequestLog
from app.domain.accounts.client_addresses import client_address
from app.domain.strict_json import has_control_characters
from app.platform import logs
from app.platform.bootstrap import runtime
from app.platform.clock import monotonic
from app.platform.errors import Invalid, NotFound

MAX_BODY_BYTES = 1024 * 1024
REQUEST_LOG = "request_log"  # its place in the application
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class LimitedRequest(Request):
    """A request whose body may not be larger than 1 MiB, however it is sent."""

    max_content_length = MAX_BODY_BYTES
    max_form_memory_size = MAX_BODY_BYTES


def install(app: Flask) -> None:
    """Frame every request of the application."""
    app.request_class = LimitedRequest
    app.before_request(_open)
    app.before_request(_check)
    app.extensions[REQUEST_LOG] = RequestLog()
    app.after_request(_close)


def _open() -> None:
    data = request.headers.get("X-Request-Id", "")
    g.request_id = data if _REQUEST_ID.fullmatch(data) else uuid4().hex
    g.began = monotonic()
    g.client_address = client_address(
        request.remote_addr,
        request.headers.get("X-Forwarded-For", ""),
        runtime().config.trusted_proxies,
    )
    logs.clear()
    logs.bind(request_id=g.request_id)


def _check() -> None:
    """Refuse what no view should meet: broken text in the address, bodies beyond the limit."""
    if has_control_characters(request.path):
        raise NotFound
    try:
        query = unquote_to_bytes(request.query_string).decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("the query is not UTF-8") from None
    if has_control_characters(query):
        raise Invalid("the query holds control characters")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge


def _close(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    # Werkzeug adds a slash at the end by way of the Host header, which the client has chosen.
    location = response.headers.get("Location", "")
    if response.status_code == HTTPStatus.PERMANENT_REDIRECT and "://" in location:
        _, _, path, query, _ = urlsplit(location)
        response.headers["Location"] = f"/{path.lstrip('/')}" + (f"?{query}" if query else "")
    request_id = g.get("request_id")
    if request_id is not None:
        response.headers["X-Request-Id"] = request_id
        request_log: RequestLog = current_app.extensions[REQUEST_LOG]
        request_log.add(
            g.client_address,
            response.status_code,
            is_known=g.get("principal") is not None,
            method=request.method,
            path=request.path,
            duration_ms=round((monotonic() - g.began) * 1000, 1),
        )
    return response
