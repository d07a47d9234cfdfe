"""Responses of a page's addresses: bytes, compressed once, and their headers."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from app.pages.status import (
    calendar,
    crawlers,
    feeds,
    html,
    numbered,
    response_chart,
    room,
    statuspage,
    styles,
    summary,
)
from app.pages.status.snapshot import Freshness, Snapshot
from app.pages.status.view import View

PUBLIC_CACHE = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400"
PRIVATE_CACHE = "private, no-store"
FOREVER = "public, max-age=31536000, immutable"
_SELF = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)
CONTENT_SECURITY = f"{_SELF}'none'"
EMBED_SECURITY = f"{_SELF}*"
HTML, JSON = "text/html; charset=utf-8", "application/json"
_LEAST_COMPRESSED = 1000
_MAX_QUERY = 60
_OF_PATHS = "!$&'()*+,;=:@/"  # RFC 3986, 3.3
_OF_QUERIES = "!$&'()*+,;=:@/?%"  # RFC 3986, 3.4; what is quoted stays so
# Each name more is a way to have the same page rendered again and again.
_USED: Mapping[str, tuple[str, ...]] = {
    "": ("service",), "history": ("month", "page"), "services": ("range",),
    "feed.atom": ("service",), "feed.rss": ("service",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer that is kept: `moved_to` leads elsewhere, and has no body."""

    body: bytes
    content_type: str
    etag: str
    modified: datetime
    compressed: bytes | None = None
    cache: str = PUBLIC_CACHE
    security: str = CONTENT_SECURITY
    status: int = 200
    is_aged: bool = False  # an old snapshot: it says how old (`Age`, RFC 9111 5.1)
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return how many bytes this keeps."""
        return len(self.body) + len(self.compressed or b"") + 500

    def headers(self) -> dict[str, str]:
        """Return the headers that do not depend on the request."""
        framed = {} if self.security == EMBED_SECURITY else {"X-Frame-Options": "DENY"}
        return {
            "Content-Type": self.content_type,
            "ETag": f'"{self.etag}"',
            "Last-Modified": format_datetime(self.modified.replace(microsecond=0), usegmt=True),
            "Cache-Control": self.cache,
            "Vary": "Accept-Encoding",
            "Content-Security-Policy": self.security,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            **framed,
            **self.more,
        }


def kept(body: bytes, content_type: str, modified: datetime, **more: Any) -> Rendered:
    """Return an answer with its tag, compressed where that gains something."""
    squeezed = gzip.compress(body, 6, mtime=0) if len(body) >= _LEAST_COMPRESSED else None
    tag = hashlib.sha256(body).hexdigest()[:24]
    return Rendered(body, content_type, tag, modified, squeezed, **more)


def moved(address: str, modified: datetime) -> Rendered:
    """Return an answer that leads to another address for good, also scripts of other sites."""
    more = {"Location": address, "Access-Control-Allow-Origin": "*"}
    return Rendered(b"", HTML, "moved", modified, status=301, more=more, cache=PUBLIC_CACHE)


def on_domain(page: Snapshot, rest: str, query: str) -> Rendered | None:
    """Return where an address with the slug leads, where the page wants to be on its host alone.

    `rest` is quoted, the query as WSGI has it.
    Not for good: a host whose records go is lost, and the slug answers again.
    """
    if not (page.is_open and page.page["host"] and page.page["show"].get("on_domain_only")):
        return None
    address = with_query(f"{str(page.page['url']).rstrip('/')}/{rest}", query)
    return replace(moved(address, page.made_at), status=302)


def quoted(rest: str, encoding: str = "utf-8") -> str:
    """Return a path as it stands in an address; `latin-1` for one as WSGI has it (PEP 3333)."""
    return quote(rest.encode(encoding), safe=_OF_PATHS)


def with_query(address: str, query: str) -> str:
    """Return an address with the query of a request as it came, bytes beyond ASCII quoted."""
    return f"{address}?{quote(query.encode('latin-1'), safe=_OF_QUERIES)}" if query else address


def _service_of_row(view: View, key: str) -> Rendered | None:
    """Return where a row of the page leads: links of rows are short, however long the slug is."""
    if view.snapshot.service(key) is None:
        return None
    result = moved(f"{view.root}/services/{key}", view.snapshot.made_at)
    if view.snapshot.is_open:
        return result
    return replace(result, cache=PRIVATE_CACHE, more={**result.more, **_NOT_LISTED})


_NOT_LISTED = {"X-Robots-Tag": "noindex"}
_RESTRICTED: Mapping[str, Any] = {"cache": PRIVATE_CACHE, "more": _NOT_LISTED}

Render = Callable[[View, Mapping[str, str]], tuple[bytes, str] | None]


def used_of(rest: str, query: Mapping[str, str]) -> dict[str, str]:
    """Return of a query what the answer on a path depends on; whatever else it says is the same."""
    kind, slash, _ = rest.partition("/")
    names = _USED.get(kind if slash else rest, ())
    return {name: query[name][:_MAX_QUERY] for name in names if name in query}


def find(
    snapshot: Snapshot,
    rest: str,
    query: Mapping[str, str],
    freshness: Freshness,
    root: str,
    *,
    is_copy: bool = False,
) -> Rendered | None:
    """Return what a page answers on the path behind it; None where there is nothing.

    What tools for Statuspage read is also where they look for it. `query` is what `used_of` leaves
    of one. A copy is served by others, who know no queries.
    """
    rest = rest.removeprefix(_AS_STATUSPAGE) if rest in _STATUSPAGE else rest
    view = View(snapshot, freshness, root, is_copy)
    if not rest and "service" in query:
        return _service_of_row(view, query["service"])
    fixed = _FIXED.get(rest)
    found = fixed(view, query) if fixed is not None else _by_key(view, rest, query)
    if found is None:
        return None
    body, content_type = found
    more: dict[str, Any] = {"is_aged": freshness is not Freshness.FRESH}
    if not snapshot.is_open:
        more |= _RESTRICTED
    elif rest in _FOREVER:
        more["cache"] = FOREVER
    if rest in ("embed", "embed.js"):
        more["security"] = EMBED_SECURITY
    if rest in _READ_ELSEWHERE:
        more["more"] = {**more.get("more", {}), "Access-Control-Allow-Origin": "*"}
    return kept(body, content_type, snapshot.made_at, **more)


def _page(view: View, _query: Mapping[str, str]) -> tuple[bytes, str]:
    return html.page(view), HTML


def _html(body: bytes | None) -> tuple[bytes, str] | None:
    return None if body is None else (body, HTML)


def _feed(write: Callable[[View, str | None], bytes], content_type: str) -> Render:
    def feed(view: View, query: Mapping[str, str]) -> tuple[bytes, str] | None:
        key = query.get("service")
        if key is not None and view.snapshot.service(key) is None:
            return None
        return write(view, key), content_type

    return feed


def _by_key(view: View, rest: str, query: Mapping[str, str]) -> tuple[bytes, str] | None:
    kind, _, key = rest.partition("/")
    if kind == "incidents":
        return _html(numbered.incident(view, key))
    if kind == "history" and view.is_copy:
        month, _, number = key.partition("/")
        return _html(numbered.history(view, {"month": month, "page": number or "1"}))
    if kind == "maintenance":
        one = numbered.entry_of(view.snapshot.told_maintenance(), key.removesuffix(".ics"))
        if one is None:
            return None
        if key.endswith(".ics"):
            return calendar.of_one(view, one), "text/calendar; charset=utf-8"
        return html.render("maintenance", view, one=one), HTML
    if kind == "services" and view.snapshot.service(key) is not None:
        span = response_chart.span_of(query.get("range", ""))
        if span is None:
            return None
        service = view.service(key)
        incidents = [
            one
            for one in view.snapshot.incidents()
            if key in [hit["key"] for hit in one["affected"]]
        ]
        body = html.render(
            "service",
            view,
            s=service,
            days=list(view.failed_days(key, service)),
            incidents=incidents[: room.ENTRIES],
            chart=response_chart.chart(view, key, span),
        )
        return body, HTML
    return None


def _json(read: Callable[[View], bytes]) -> Render:
    return lambda view, _: (read(view), JSON)


def _embed(view: View, _query: Mapping[str, str]) -> tuple[bytes, str]:
    return html.render("embed", view), HTML


_FIXED: Mapping[str, Render] = {
    "": _page,
    "page.json": lambda view, _: (summary.whole(view), JSON),
    **{name: _json(read) for name, read in statuspage.FILES.items()},
    "history": lambda view, query: _html(numbered.history(view, query)),
    "feed.atom": _feed(feeds.atom, "application/atom+xml; charset=utf-8"),
    "feed.rss": _feed(feeds.rss, "application/rss+xml; charset=utf-8"),
    "maintenance.ics": lambda view, _: (calendar.of_page(view), "text/calendar; charset=utf-8"),
    "style.css": lambda view, _: (styles.style(view.page), "text/css; charset=utf-8"),
    "custom.css": lambda view, _: (styles.custom(view.page), "text/css; charset=utf-8"),
    "page.mjs": lambda _v, _q: (styles.SCRIPT, "text/javascript; charset=utf-8"),
    "embed": _embed,
    "embed.js": lambda view, _: (styles.embed_script(str(view.page["url"])), "text/javascript"),
    "logo": lambda view, _: styles.logo(view.page, "logo_url"),
    "dark-logo": lambda view, _: styles.logo(view.page, "dark_logo_url"),
    "robots.txt": crawlers.robots,
    "sitemap.xml": crawlers.sitemap,
}
_READ_ELSEWHERE = (
    *statuspage.FILES, "page.json", "embed.js", "feed.atom", "feed.rss",
)  # fmt: skip
_AS_STATUSPAGE = "api/v2/"
_STATUSPAGE = frozenset(f"{_AS_STATUSPAGE}{name}" for name in statuspage.FILES)
_FOREVER = ("style.css", "custom.css", "page.mjs", "logo", "dark-logo")
