"""Public pages as files: a twin that any web server or object storage can serve."""

from pathlib import Path

from app.pages.status.responses import find
from app.pages.status.snapshot import Freshness
from app.pages.status.store import PageStore

_PARTS = (
    "page.json", "summary.json", "status.json", "incidents.json", "history", "feed.atom",
    "feed.rss", "maintenance.ics", "style.css", "custom.css", "page.mjs", "embed", "logo",
    "dark-logo", "robots.txt", "sitemap.xml",
)  # fmt: skip


def export(store: PageStore, folder: Path) -> int:
    """Write every page that everybody may see under `status/` in a folder; return how many.

    What is HTML is named `….html`, so that `try_files $uri $uri.html` of nginx finds it.
    """
    count = 0
    for snapshot in store.pages():
        if not snapshot.is_open:
            continue
        parts = [
            *_PARTS,
            *(f"incidents/{one['key']}" for one in snapshot.incidents()),
            *(f"maintenance/{one['key']}" for one in snapshot.maintenance()),
            *(f"services/{key}" for key in snapshot.data["services"]),
        ]
        for part in ("", *parts):
            root = f"/status/{snapshot.slug}"
            found = find(snapshot, part, {}, Freshness.FRESH, root, is_copy=True)
            if found is None:
                continue
            name = f"{snapshot.slug}/{part}" if part else snapshot.slug
            is_page = found.content_type.startswith("text/html")
            path = folder / "status" / (f"{name}.html" if is_page else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(found.body)
        count += 1
    return count
