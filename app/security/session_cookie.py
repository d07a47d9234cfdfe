"""The session cookie of browsers: a token out of reach of scripts, for requests of our own pages.

SameSite=Strict keeps the cookie from requests of other sites; another port of this host is the same
site, so a request that brings the cookie must also say that it comes from one of our pages.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Response, request

from app.platform.bootstrap import runtime
from app.platform.errors import Forbidden

NAME = "alertifypro_session"
PATH = "/api"
LIFETIME = timedelta(hours=72)  # of the token in it


def token() -> str | None:
    """Return the token in the cookie of this request, None without a cookie.

    Raises Forbidden for a cookie that a page of somebody else's sent along.
    """
    result = request.cookies.get(NAME)
    if not result:
        return None
    if not is_from_our_page():
        raise Forbidden(
            "the session of a browser counts only for pages of this server; behind a proxy, set"
            " BASE_URL to the address that people open"
        )
    return result


def is_from_our_page() -> bool:
    """Say whether the browser names one of our pages as the origin of this request.

    Fetch Metadata where the browser sends it (to HTTPS and to loopback), else `Origin`, which every
    write and every WebSocket carries, else `Referer`: our pages have the policy `same-origin`.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None:
        return _is_ours(origin)
    return site is not None or _is_ours(request.headers.get("Referer", ""))


def is_from_another_page() -> bool:
    """Say whether the browser names a page of somebody else's; programs name none at all."""
    named = ("Sec-Fetch-Site", "Origin")
    return any(name in request.headers for name in named) and not is_from_our_page()


def _is_ours(address: str) -> bool:
    try:
        host = urlsplit(address).netloc.lower()
    except ValueError:
        return False
    return host != "" and host in (request.host, urlsplit(runtime().config.base_url).netloc)


def put(answer: Response, token: str) -> None:
    """Set the cookie."""
    answer.set_cookie(
        NAME,
        token,
        max_age=LIFETIME,
        path=PATH,
        httponly=True,
        samesite="Strict",
        secure=_is_https(),
    )


def remove(answer: Response) -> None:
    """Take the cookie away."""
    answer.delete_cookie(NAME, path=PATH, httponly=True, samesite="Strict", secure=_is_https())


def _is_https() -> bool:
    return request.is_secure or runtime().config.base_url.startswith("https:")
