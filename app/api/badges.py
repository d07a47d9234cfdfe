"""/badges: small pictures of a state, for readmes and dashboards, without signing in."""

from dataclasses import replace
from typing import Any

from flask import Response

from app.api.http import Blueprint
from app.operations.services import badges
from app.pages.badges import svg
from app.platform.errors import NotFound
from app.schemas.badges import BadgeQuerySchema
from app.security.access import public

bp = Blueprint("badges", __name__, url_prefix="/badges", description="Small pictures of a state.")

_WHATS = ("status", "uptime", "response")
_FRESH_SECONDS = 30


@bp.get("/<key>/<what>.svg")
@public
@bp.accepts(BadgeQuerySchema, location="query")
@bp.returns({"type": "string"}, content_type="image/svg+xml", description="The picture.")
def picture(query: dict[str, Any], key: str, what: str) -> Response:
    """Show a badge

    `what` is `status`, `uptime` (of the last 30 days), or `response` (how long the last runs took).
    The key of a badge stands in the object it is of; it can be shown to anybody.
    """
    if what not in _WHATS:
        raise NotFound
    badge = badges.badge(key, what)
    if query.get("label"):
        badge = replace(badge, label=query["label"])
    answer = Response(svg(badge), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = f"public, max-age={_FRESH_SECONDS}"
    return answer
