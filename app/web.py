"""The HTTP process: `create_app()` is bootstrap plus blueprints, live feed and error answers."""

import logging
from contextlib import suppress
from io import BytesIO
from typing import Any
from uuid import uuid4

from flask import Flask

import app.api
from app import cli
from app.api import (
    agent,
    compression,
    error_handlers,
    idempotency,
    prometheus,
    request_hooks,
    standby_reads,
)
from app.api.openapi import document
from app.console import operator_sessions, pages, rq_dashboard
from app.operations.status_pages import snapshots
from app.pages.guide import views as guide
from app.platform import cooperative, shared_application
from app.platform.bootstrap import bootstrap
from app.platform.config import Config
from app.platform.errors import Unauthorized
from app.platform.registry import import_modules
from app.realtime import socket
from app.security import access, limits

API_PREFIX = "/api/v1"
POOL_SIZE = 20
# What is answered without a server: a refusal, an error, a page of the console.
_ALONE = (f"{API_PREFIX}/services", f"{API_PREFIX}/nothing", "/services")
_ROUNDS = 10  # code is specialized once it has run eight times (PEP 659)
_SECONDS = 0.5


def create_app(config: Config | None = None) -> Flask:
    """Return the application that serves the API. Raises ConfigError for a bad setting and
    RuntimeError for a view that does not say who may call it."""
    web = bootstrap(config, pool_size=POOL_SIZE)
    web.config["JWT_COOKIE_CSRF_PROTECT"] = False  # tokens travel in a header, never in a cookie
    web.url_map.strict_slashes = False
    web.url_map.merge_slashes = False
    compression.install(web)
    request_hooks.install(web)
    limits.install(web)
    web.before_request(access.check_access)
    standby_reads.install(web)
    idempotency.install(web)
    error_handlers.register(web)
    api = document.Api(web)
    for module in import_modules(app.api):
        if hasattr(module, "bp"):
            api.register_blueprint(
                module.bp, url_prefix=f"{API_PREFIX}{module.bp.url_prefix or ''}"
            )
        if hasattr(module, "root_bp"):
            api.register_blueprint(module.root_bp)
    agent.install(web)
    prometheus.install(web)
    operator_sessions.install(web)
    rq_dashboard.install(web)
    pages.install(web)
    guide.install(web)
    socket.init_app(web)
    cli.init_app(web)
    access.seal(web)
    return web


def rehearse(web: Flask) -> None:
    """Do some times what processes that serve do first, for forks to share what that makes.

    No line of the log speaks of it, and no connection is left, nor an event loop. What the database
    is asked takes half a second at most: it must not keep a restart waiting.
    """
    logging.disable(logging.WARNING)
    try:
        for path in _ALONE * _ROUNDS:
            for _ in web.wsgi_app(_request(path), lambda *_: bytes):
                pass
        with cooperative.without_loop():
            with web.app_context():
                shared_application.rehearse_queries((snapshots.versions, _greet_stranger), _SECONDS)
            with web.app_context():
                shared_application.close_connections()
    finally:
        logging.disable(logging.NOTSET)


def _request(path: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_ACCEPT_ENCODING": "gzip",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
    }


def _greet_stranger() -> None:
    """Look up whom a good token names, who is not there."""
    with suppress(Unauthorized):
        access.authenticate(access.issue_token(uuid4(), uuid4(), "", 0))
