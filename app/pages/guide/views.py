"""Addresses of the guide: its chapters, its search, and the whole of it on one page for paper."""

from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_from_directory
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.exceptions import NotFound as NoSuchPath

from app.pages.guide import book
from app.pages.guide.search import search
from app.security.access import public

_FOLDER = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = (_FOLDER / "guide.css").read_text(encoding="utf-8")
_CONTENT_SECURITY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_MAX_QUERY = 200


def install(app: Flask) -> None:
    """Answer /guide, /guide/{chapter}, /guide/search?q=, /guide/print and /guide/files/{name}."""
    for rule, name, view in (
        ("/guide", "guide", index),
        ("/guide/search", "guide_search", found),
        ("/guide/print", "guide_print", whole),
        ("/guide/guide.css", "guide_style", style),
        ("/guide/files/<name>", "guide_file", file),
        ("/guide/<slug>", "guide_chapter", chapter),
    ):
        app.add_url_rule(rule, name, view, methods=["GET"])


@public
def index() -> Response:
    """Answer the list of chapters with their sections."""
    return _page("index.html", title="Guide")


@public
def chapter(slug: str) -> Response:
    """Answer a chapter."""
    shown = book.find(slug)
    if shown is None:
        raise NoSuchPath
    order = book.chapters()
    at = order.index(shown)
    return _page(
        "chapter.html",
        title=shown.title,
        chapter=shown,
        before=order[at - 1] if at else None,
        after=order[at + 1] if at + 1 < len(order) else None,
    )


@public
def found() -> Response:
    """Answer what a search finds."""
    query = request.args.get("q", "")[:_MAX_QUERY]
    return _page("search.html", title="Search", query=query, hits=search(book.chapters(), query))


@public
def whole() -> Response:
    """Answer all chapters on one page, to be printed or searched by the browser."""
    return _page("whole.html", title="Guide")


@public
def style() -> Response:
    """Answer the style sheet."""
    return _cached(Response(_STYLE, mimetype="text/css"))


@public
def file(name: str) -> Response:
    """Answer a file that a chapter links: for Grafana and Prometheus, as a download."""
    return send_from_directory(_FOLDER / "assets", name, as_attachment=True)


def _page(template: str, **values: Any) -> Response:
    values = {"chapters": book.chapters(), "chapter": None, "query": "", **values}
    answer = Response(_PAGES.get_template(template).render(**values), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _CONTENT_SECURITY
    return _cached(answer)


def _cached(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
