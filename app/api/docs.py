"""/openapi.json and /docs: the API described, for machines and for people."""

import json
from functools import lru_cache
from pathlib import Path

from flask import Response, current_app, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.api.compression import fixed
from app.api.http import Blueprint
from app.api.openapi.reference import chapters_of
from app.api.openapi.shared_document import document_of, etag_of
from app.platform.bootstrap import runtime
from app.security.access import public

_ASSETS = Path(__file__).parent / "assets"
_CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TEMPLATES = Environment(
    loader=FileSystemLoader(_ASSETS),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HOUR = 3600

bp = Blueprint("docs", __name__, description="This description.")


@bp.get("/openapi.json")
@public
@bp.returns({"type": "object"}, description="This document.")
def openapi_json() -> Response:
    """Read this document

    OpenAPI 3.1. It changes only with the server's version: send `If-None-Match`.
    """
    body = document_of(current_app).body()
    answer = fixed(body, "application/json")
    answer.set_etag(etag_of(body), weak=True)  # compressed it is the same, though not byte by byte
    answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    return answer


@bp.get("/docs")
@public
@bp.returns({"type": "string"}, content_type="text/html", description="A page.")
def docs() -> Response:
    """Browse this document"""
    body = document_of(current_app).body()
    answer = fixed(_page(body, runtime().config.base_url), "text/html; charset=utf-8")
    answer.set_etag(etag_of(body), weak=True)
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Content-Security-Policy"] = _CONTENT_SECURITY
    answer.make_conditional(request)
    return answer


@bp.get("/docs/reference.css")
@public
@bp.returns({"type": "string"}, content_type="text/css", description="A style sheet.")
def docs_style() -> Response:
    """The style of the page"""
    return _file("reference.css", "text/css; charset=utf-8")


@bp.get("/docs/reference.mjs")
@public
@bp.returns({"type": "string"}, content_type="text/javascript", description="A script.")
def docs_script() -> Response:
    """The script of the page"""
    return _file("reference.mjs", "text/javascript; charset=utf-8")


def _file(name: str, content_type: str) -> Response:
    answer = fixed((_ASSETS / name).read_bytes(), content_type)
    answer.headers["Cache-Control"] = f"public, max-age={_HOUR}"
    return answer


@lru_cache(maxsize=2)
def _page(document: bytes, base_url: str) -> bytes:
    described = json.loads(document)
    page = _TEMPLATES.get_template("reference.html").render(
        introduction=described["info"]["description"].strip().split("\n\n"),
        chapters=chapters_of(described, base_url),
    )
    return page.encode()


def _code(text: str) -> Markup:
    """Return a text with what stands between backticks as code."""
    parts = str(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts)
    )


_TEMPLATES.filters["code"] = _code
