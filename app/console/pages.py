"""Pages of the console: one shell on every address of it, and the files that the shell loads.

The shell is the same for everybody and holds no data, so it needs no sign-in; what it shows comes
from the API. Addresses that belong to nobody are a JSON 404, and a small page for a browser.
"""

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from werkzeug.exceptions import NotFound as NoSuchPath

from app.api.error_handlers import answer_failure
from app.api.http import reply
from app.console.assets import Asset, Assets
from app.security.access import public

# The first segment of every address of the console; those of status pages, pings and the API are
# answered elsewhere.
SCREENS = (
    "services",
    "heartbeats",
    "alerts",
    "pages",
    "maintenance",
    "certificates",
    "reports",
    "locations",
    "channels",
    "rules",
    "escalation",
    "on-call",
    "organization",
    "server",
    "profile",
    "wall",
    "welcome",
    "sign-in",
    "sign-up",
    "forgot-password",
    "reset-password",
    "invitation",
)
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_FOLDER = Path(__file__).parent
_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
_NOT_FOUND = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined
).get_template("not_found.html")
_STYLE = (_FOLDER / "not_found.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_FOREVER = "public, max-age=31536000, immutable"

assets = Assets(_FOLDER / "static")


def install(app: Flask) -> None:
    """Answer the addresses of the console, and browsers that ask for an address of nobody."""
    app.add_url_rule("/", "console_home", shell, methods=["GET"])
    for segment in SCREENS:
        for rule in (f"/{segment}", f"/{segment}/<path:rest>"):
            app.add_url_rule(rule, f"console_{segment}", shell, methods=["GET"])
    app.add_url_rule("/assets/<hash>/<path:path>", "console_asset", asset, methods=["GET"])
    app.register_error_handler(NoSuchPath, not_found)


@public
def shell(rest: str = "") -> Response:
    """Answer the shell. It links the modules of its screen, so that they load side by side."""
    release = assets.current()
    body = _ENVIRONMENT.from_string(release.shell).render(
        asset=lambda path: f"/assets/{release.hash}/{path}",
        preloads=release.preloads(request.path),
    )
    answer = Response(body, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@public
def asset(hash: str, path: str) -> Any:
    """Answer a file of the console. An earlier release's files are gone: its pages load anew."""
    found = assets.find(hash, path)
    return reply({"error": "not found"}, 404) if found is None else _send(found)


def _send(found: Asset) -> Response:
    compressed = found.compressed
    use = compressed is not None and request.accept_encodings["gzip"] > 0
    answer = Response(compressed if use else found.body)
    answer.headers["Content-Type"] = found.type
    answer.headers["Cache-Control"] = _FOREVER
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if compressed is not None:
        answer.headers["Vary"] = "Accept-Encoding"
    if use:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def not_found(error: NoSuchPath) -> Any:
    """Answer an address of nobody: a page for a browser, JSON for everybody else."""
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    is_for_browsers = best == "text/html" and request.method == "GET"
    if not is_for_browsers or request.endpoint is not None or request.path.startswith("/api/"):
        return answer_failure(error)
    answer = Response(_NOT_FOUND.render(style=Markup(_STYLE)), 404, mimetype="text/html")  # noqa: S704
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    return answer
