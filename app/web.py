"""The HTTP process: `create_app()` is bootstrap plus blueprints, live feed and error answers."""

from flask import Flask

import app.api
from app import access
from app.api import error_handlers, openapi, request_frame
from app.bootstrap import bootstrap
from app.config import Config
from app.realtime import socket
from app.registry import import_modules

API_PREFIX = "/api/v1"
POOL_SIZE = 20


def create_app(config: Config | None = None) -> Flask:
    """Return the application that serves the API. Raises ConfigError for a bad setting and
    RuntimeError for a view that does not say who may call it."""
    web = bootstrap(config, pool_size=POOL_SIZE)
    web.url_map.strict_slashes = False
    web.url_map.merge_slashes = False
    request_frame.install(web)
    web.before_request(access.check_access)
    error_handlers.register(web)
    api = openapi.Api(web)
    for module in import_modules(app.api):
        if hasattr(module, "bp"):
            api.register_blueprint(
                module.bp, url_prefix=f"{API_PREFIX}{module.bp.url_prefix or ''}"
            )
        if hasattr(module, "root_bp"):
            api.register_blueprint(module.root_bp)
    socket.init_app(web)
    access.seal(web)
    api.finish()
    return web
