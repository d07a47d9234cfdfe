"""Files for search engines: what they may read of a page, and where it is."""

from collections.abc import Mapping

from markupsafe import Markup

from app.pages.status.view import View


def robots(view: View, _query: Mapping[str, str]) -> tuple[bytes, str]:
    """Return which crawlers may read a page."""
    allowed = view.page["is_indexed"] and view.snapshot.is_open
    lines = ["User-agent: *", "Allow: /" if allowed else "Disallow: /"]
    if allowed:
        lines.append(f"Sitemap: {str(view.page['url']).rstrip('/')}/sitemap.xml")
    return "\n".join([*lines, ""]).encode(), "text/plain; charset=utf-8"


def sitemap(view: View, _query: Mapping[str, str]) -> tuple[bytes, str] | None:
    """Return the addresses of a page that crawlers may find; None where they may find none."""
    if not (view.page["is_indexed"] and view.snapshot.is_open):
        return None
    page = str(view.page["url"]).rstrip("/")
    paths = ["", "/history", *(f"/incidents/{one['key']}" for one in view.snapshot.incidents())]
    urls = "".join(f"<url><loc>{Markup.escape(page + path)}</loc></url>" for path in paths)
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    )
    return text.encode(), "application/xml"
