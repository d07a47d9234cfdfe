"""/domains: hosts of status pages, for the proxy in front of this server."""

from typing import Any

from flask import Response

from app.api.http import Blueprint
from app.api.status_page_visitors import page_store
from app.domain.accounts.client_addresses import group
from app.domain.status_pages.slugs import requested_host
from app.platform.errors import NotFound, TooManyRequests
from app.schemas.status_page_views import DomainQuerySchema
from app.security.access import client_address, public
from app.security.limits import is_within

bp = Blueprint("domains", __name__, url_prefix="/domains", description="Hosts of status pages.")

_A_MINUTE, _QUESTIONS = 60, 120


@bp.get("/ask")
@public
@bp.accepts(DomainQuerySchema, location="query")
@bp.returns({"type": "string"}, content_type="text/plain", description="A page is served there.")
def ask(query: dict[str, Any]) -> Response:
    """Say whether a host serves a status page

    For proxies that get certificates on demand (`ask` of Caddy): 200 for a verified host, else 404.
    """
    if not is_within("domains", group(client_address()), _QUESTIONS, _A_MINUTE):
        raise TooManyRequests("too many questions; please wait", _A_MINUTE)
    if page_store().of_host(requested_host(query["domain"])) is None:
        raise NotFound
    return Response("OK", mimetype="text/plain")
