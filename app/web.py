"""The HTTP process: `create_app()` is bootstrap plus blueprints, live feed and error answers."""

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
from app.pages.guide import views as guide
from app.platform.bootstrap import bootstrap
from app.platform.config import Config
from app.platform.registry import import_modules
from app.realtime import socket
from app.security import access, limits

API_PREFIX = "/api/v1"
POOL_SIZE = 20


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
    api.finish(web)
    return web
