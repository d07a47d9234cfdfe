"""/openapi.json and /docs: the API described, for machines and for people."""

from functools import cache
from pathlib import Path

from flask import Response, request, send_from_directory

from app.api.compression import fixed
from app.api.http import Blueprint
from app.api.openapi.document import document_of
from app.security.access import public

_ASSETS = Path(__file__).parent / "assets"
_CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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
    body, etag = document_of()
    answer = fixed(body, "application/json")
    answer.set_etag(etag, weak=True)  # compressed it is the same, though not byte by byte
    answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    return answer


@bp.get("/docs")
@public
@bp.returns({"type": "string"}, content_type="text/html", description="A page.")
def docs() -> Response:
    """Browse this document"""
    answer = send_from_directory(_ASSETS, "docs.html", max_age=_HOUR)
    answer.headers["Content-Security-Policy"] = _CONTENT_SECURITY
    return answer


@bp.get("/docs/openapi-explorer.min.js")
@public
@bp.returns({"type": "string"}, content_type="text/javascript", description="A script.")
def docs_script() -> Response:
    """The script of the page"""
    answer = fixed(_script(), "text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = f"public, max-age={24 * _HOUR}"
    return answer


@cache
def _script() -> bytes:
    return (_ASSETS / "openapi-explorer.min.js").read_bytes()
