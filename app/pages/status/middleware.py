"""Middleware in front of Flask that answers pages kept in memory, before anything else is done.

No sign-in, no limit and no database stands before it, so that a flood of visitors, or a database
that is away, leaves pages as quick as they were. A flood is spread out, so that it starves nothing
else on the machine. Restricted pages and forms go on to the views of
`app/api/status_page_views.py`. A page with a host of its own is found by `Host`; nothing but that
page and the badges is answered there.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from werkzeug.http import parse_accept_header, parse_date, parse_etags

from app.domain.status_pages.slugs import requested_host
from app.operations.status_pages.addresses import own_hosts
from app.pages.status import html, responses, styles
from app.pages.status.responses import FOREVER, Rendered, kept
from app.pages.status.store import PageStore
from app.platform.clock import utcnow
from app.platform.config import Config
from app.platform.pacing import Pace

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

PREFIX = "/status/"
HOST_ROOT = "alertifypro.page_root"  # in the environ: the page has a host of its own
_BADGES = "/api/v1/badges/"
# Of each process. A page takes 0.1 ms of a processor: two processes leave more than half of two
# processors to checks, whatever the flood.
PAGES_PER_SECOND = 1500
_ASSETS, _OPEN = "status/assets/", "status/open"
_FORMS = ("subscribe", "subscriptions/")
_STATUS = {200: "200 OK", 301: "301 Moved Permanently", 302: "302 Found", 304: "304 Not Modified"}
_TINTED = re.compile(r"style-([0-9a-f]{3}|[0-9a-f]{6})\.css")
_NOT_FOUND = "404 Not Found"
_SETTLED_AFTER = timedelta(seconds=5)  # by then every process has the last snapshot of a second


class PageMiddleware:
    """WSGI middleware."""

    def __init__(self, application: Application, config: Config, store: PageStore) -> None:
        self._application = application
        self._store = store
        self._pace = Pace(PAGES_PER_SECOND)
        self._own_hosts = own_hosts(config)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a page, or let the application answer."""
        path: str = environ["PATH_INFO"]
        host = requested_host(environ.get("HTTP_HOST", ""))
        # Whatever a page claims: the console stays where it is.
        page = None if host in self._own_hosts else self._store.of_host(host)
        if page is not None:
            return self._on_own_host(page.slug, path, environ, start_response)
        if path.startswith(PREFIX) and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            found = self._find(path[len(PREFIX) :], environ)
            if found is not None:
                self._pace.wait()
                return _send(found, environ, start_response, _STATUS[found.status])
        return self._application(environ, start_response)

    def _on_own_host(
        self, slug: str, path: str, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        if path.startswith(_BADGES):
            return self._application(environ, start_response)
        self._pace.wait()
        rest = path.lstrip("/")
        style = asset(rest.removeprefix(_ASSETS)) if rest.startswith(_ASSETS) else None
        if style is not None:
            return _send(style, environ, start_response, _STATUS[200])
        page = self._store.of_slug(slug)
        if page is not None and page.is_open and not rest.startswith(_FORMS):
            found = self._store.find(page, rest, _query(environ), "")
            if found is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
                return _send(not_found(), environ, start_response, _NOT_FOUND)
            return _send(found, environ, start_response, _STATUS[found.status])
        inner = f"{PREFIX}{slug}/{rest}"
        if rest.startswith("subscriptions/"):
            inner = f"{PREFIX}{rest}"
        elif rest == _OPEN and page is not None and not page.is_open:
            inner = f"/{_OPEN}"
        environ = environ | {"PATH_INFO": inner.rstrip("/"), HOST_ROOT: slug}
        return self._application(environ, start_response)

    def _find(self, path: str, environ: Environ) -> Rendered | None:
        if not self._store.is_watched:
            return None  # the view looks first
        slug, slash, inner = path.partition("/")
        if slug == "assets":
            return asset(inner)
        if not slash and slug.endswith(".json"):
            slug, inner = slug.removesuffix(".json"), "page.json"
        page = self._store.of_slug(slug)
        if page is None or not page.is_open or (slash and not inner):
            return None
        rest = responses.quoted(inner, "latin-1")
        away = responses.on_domain(page, rest, environ.get("QUERY_STRING", ""))
        if away is not None:
            return away
        return self._store.find(page, inner, _query(environ), f"{PREFIX}{slug}")


def asset(name: str) -> Rendered | None:
    """Return a file that pages of nobody use."""
    tint = _TINTED.fullmatch(name)
    if name != "style.css" and not tint:
        return None
    body = styles.tinted(f"#{tint[1]}") if tint else styles.BASE
    return kept(body, "text/css; charset=utf-8", styles.MODIFIED, cache=FOREVER)


def not_found() -> Rendered:
    """Return the page for what nobody has, and for what not everybody may see."""
    return kept(
        html.plain("not_found"), "text/html; charset=utf-8", utcnow(), status=404, cache="no-store"
    )


def _query(environ: Environ) -> Mapping[str, str]:
    text = environ.get("QUERY_STRING")
    if not text:
        return {}
    try:
        return {name: values[0] for name, values in parse_qs(text, max_num_fields=20).items()}
    except ValueError:
        return {}


def _send(
    found: Rendered, environ: Environ, start_response: StartResponse, status: str
) -> list[bytes]:
    headers, body = negotiate(found, environ)
    if body is None:
        start_response(_STATUS[304], list(headers.items()))
        return []
    headers["Content-Length"] = str(len(body))
    start_response(status, list(headers.items()))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def negotiate(found: Rendered, environ: Environ) -> tuple[dict[str, str], bytes | None]:
    """Return the headers and the body for a request, compressed if it may be; None: 304."""
    headers, body = found.headers(), found.body
    age = utcnow() - found.modified
    if found.is_aged:
        headers["Age"] = str(max(0, int(age.total_seconds())))
    if not _is_told_apart_by_time(found, age):
        del headers["Last-Modified"]
    if found.compressed is not None and _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
        body = found.compressed
        headers |= {"Content-Encoding": "gzip", "ETag": f'"{found.etag}-gzip"'}
    if found.status == 200 and _has_it_already(found, environ):
        headers.pop("Content-Type")
        headers.pop("Content-Encoding", None)
        return headers, None
    return headers, body


def _has_it_already(found: Rendered, environ: Environ) -> bool:
    """Say whether a visitor has the same; a time counts where no tag is sent (RFC 9110, 13)."""
    tags = environ.get("HTTP_IF_NONE_MATCH", "")
    if tags:
        sent = parse_etags(tags)
        return sent.contains_weak(found.etag) or sent.contains_weak(f"{found.etag}-gzip")
    since = parse_date(environ.get("HTTP_IF_MODIFIED_SINCE"))
    return (
        since is not None and not found.is_aged and found.modified.replace(microsecond=0) <= since
    )


def _is_told_apart_by_time(found: Rendered, age: timedelta) -> bool:
    """Say whether the second of its change is enough to know an answer by (RFC 9110, 8.8.2.2).

    Another may follow within that second. And an old snapshot is one that does not change, while
    what it says of itself does.
    """
    return age >= _SETTLED_AFTER and not found.is_aged


@lru_cache(maxsize=1000)
def _takes_gzip(header: str) -> bool:
    return parse_accept_header(header)["gzip"] > 0
