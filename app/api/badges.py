"""/badges: small pictures of a state, for readmes and dashboards, without signing in."""

from dataclasses import replace
from typing import Any

from flask import Response, request

from app.api.http import Blueprint
from app.api.status_page_visitors import page_store
from app.domain.checks.badges import USUAL_SPAN, Badge
from app.operations.services import badges
from app.pages.badges import svg
from app.pages.status.badges import badge as page_badge
from app.platform.errors import NotFound
from app.schemas.badges import BadgeQuerySchema
from app.security.access import budget, public, spend

bp = Blueprint("badges", __name__, url_prefix="/badges", description="Small pictures of a state.")

_WHATS = ("status", "uptime", "response")
_FRESH_SECONDS = 30


@bp.get("/<key>/<what>.svg")
@public
@bp.accepts(BadgeQuerySchema, location="query")
@bp.returns({"type": "string"}, content_type="image/svg+xml", description="The picture.")
@budget("badges", 600)
def picture(query: dict[str, Any], key: str, what: str) -> Response:
    """Show a badge

    `what` is `status`, `uptime` (of the last 30 days, or `days`), or `response` (the median
    response time of a service in the last 24 hours; how long the last runs of a heartbeat took).
    The key of a badge stands in the object it is of; it can be shown to anybody. On each public
    status page a service has another one (`id` in its JSON), and the page has one of its own.
    """
    if what not in _WHATS:
        raise NotFound
    days = int(query["days"]) if "days" in query else None
    badge = _of_page(key, what, days)
    if badge is None:
        spend(badges.organization_of(key))
        badge = badges.badge(key, what, days or USUAL_SPAN)
    if query.get("label"):
        badge = replace(badge, label=query["label"])
    answer = Response(svg(badge, query["style"]), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = f"public, max-age={_FRESH_SECONDS}"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _of_page(key: str, what: str, days: int | None) -> Badge | None:
    """Return the badge of a public page or of a service on it, None where the key is of none."""
    store = page_store()
    found = store.of_badge(key)
    return page_badge(*found, what, days, store.freshness(found[0])) if found else None
