"""Cookies that open one restricted status page for twelve hours.

A cookie is signed and bound to the page and its password; of a member it names the user, whose
membership is asked for with every request.
"""

from urllib.parse import urlsplit

from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.platform.bootstrap import runtime

LIFETIME_SECONDS = 12 * 3600
_NAME = "alertifypro_page"


def read(guard: str) -> str | None:
    """Return whom the cookie of a page names: a user, or nobody (empty); None without a cookie."""
    try:
        found = _serializer().loads(request.cookies.get(_NAME, ""), max_age=LIFETIME_SECONDS)
    except BadSignature:
        return None
    is_of_page = isinstance(found, list) and len(found) == 2 and found[0] == guard
    return str(found[1]) if is_of_page else None


def set_on(answer: Response, guard: str, user_id: str, path: str) -> None:
    """Let a visitor in, on the path of one page."""
    answer.set_cookie(
        _NAME,
        _serializer().dumps([guard, user_id]),
        max_age=LIFETIME_SECONDS,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=urlsplit(runtime().config.base_url).scheme == "https",
    )


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime().config.jwt_secret, salt="status-page")
