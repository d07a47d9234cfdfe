"""Pages of the console: one shell on every address of it, and the files that the shell loads.

The shell is the same for everybody and holds no data, so it needs no sign-in; what it shows comes
from the API. What cannot be answered, such as an address of nobody, is JSON, and a small page for a
browser.
"""

from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from jinja2 import Environment, StrictUndefined, Template

from app.api.error_handlers import told_failure
from app.api.http import reply
from app.console.assets import Asset, Assets
from app.pages.styled import StyledPage
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
_FAILURE = StyledPage(_FOLDER / "failure.html")
# What programs ask for, whatever they say that they take.
_FOR_PROGRAMS = ("/api/", "/metrics", "/ping/")
# But for pages with a button, behind links in messages.
_FOR_PEOPLE = ("/api/v1/alerts/act/", "/api/v1/reports/monthly/leave/")
_FOREVER = "public, max-age=31536000, immutable"

assets = Assets(_FOLDER / "static")


def install(app: Flask) -> None:
    """Answer the addresses of the console, and browsers that ask for what cannot be answered."""
    app.add_url_rule("/", "console_home", shell, methods=["GET"])
    for segment in SCREENS:
        for rule in (f"/{segment}", f"/{segment}/<path:rest>"):
            app.add_url_rule(rule, f"console_{segment}", shell, methods=["GET"])
    app.add_url_rule("/assets/<hash>/<path:path>", "console_asset", asset, methods=["GET"])
    app.after_request(_show_failure)


@lru_cache(maxsize=1)
def _template(text: str) -> Template:
    """Return the shell compiled, which takes longer than all else of a page: once for a release."""
    return _ENVIRONMENT.from_string(text)


@public
def shell(rest: str = "") -> Response:
    """Answer the shell. It links the modules of its screen, so that they load side by side."""
    release = assets.current()
    body = _template(release.shell).render(
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


def _show_failure(answer: Response) -> Response:
    """Return a page instead of the JSON of a failure, where somebody asks with a browser."""
    sentence = told_failure()
    if sentence is None or not _is_for_a_person():
        return answer
    if answer.status_code == HTTPStatus.NOT_FOUND:
        title = "There is no page at this address"
        text = "It may have been moved or deleted, or the link was cut off on its way."
    else:
        title = "This page cannot be shown"
        text = f"{sentence[:1].upper()}{sentence[1:]}."
    page = _FAILURE.render(answer.status_code, title=title, text=text)
    for name in ("Allow", "Retry-After"):
        if name in answer.headers:
            page.headers[name] = answer.headers[name]
    return page


def _is_for_a_person() -> bool:
    has_button = request.path.startswith(_FOR_PEOPLE)
    if request.path.startswith(_FOR_PROGRAMS) and not has_button:
        return False
    if request.method not in (("GET", "HEAD", "POST") if has_button else ("GET", "HEAD")):
        return False
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return best == "text/html"
