"""Public pages as files: a twin that any web server or object storage can serve."""

import os
from pathlib import Path

import orjson

from app.pages.status import statuspage
from app.pages.status.responses import find
from app.pages.status.snapshot import Freshness, Snapshot
from app.pages.status.store import PageStore

_PARTS = (
    *statuspage.FILES, "page.json", "history", "feed.atom", "feed.rss", "maintenance.ics",
    "style.css", "custom.css", "page.mjs", "embed", "logo", "dark-logo", "robots.txt",
    "sitemap.xml",
)  # fmt: skip
_WRITTEN = ".alertifypro.json"  # what the last export has put there


def export(store: PageStore, folder: Path) -> int:
    """Write every page that everybody may see under `status/` in a folder; return how many.

    What is HTML is named `….html`, so that `try_files $uri $uri.html` of nginx finds it. What an
    earlier export has written and nobody may see any more is deleted: a page that was made private,
    renamed or deleted, an incident that is gone. Other files there are left alone.
    """
    top = folder / "status"
    before = _written(top)
    pages = [snapshot for snapshot in store.pages() if snapshot.is_open]
    now = {name: body for snapshot in pages for name, body in _files(snapshot)}
    for name, body in now.items():
        _replace(top / name, body)
    for name in before - now.keys():
        (top / name).unlink(missing_ok=True)
    _replace(top / _WRITTEN, orjson.dumps(sorted(now)))
    return len(pages)


def _files(snapshot: Snapshot) -> list[tuple[str, bytes]]:
    parts = [
        *_PARTS,
        *(f"incidents/{one['key']}" for one in snapshot.incidents()),
        *(f"maintenance/{one['key']}" for one in snapshot.maintenance()),
        *(f"services/{key}" for key in snapshot.data["services"]),
    ]
    root = f"/status/{snapshot.slug}"
    found = []
    for part in ("", *parts):
        rendered = find(snapshot, part, {}, Freshness.FRESH, root, is_copy=True)
        if rendered is not None:
            name = f"{snapshot.slug}/{part}" if part else snapshot.slug
            is_page = rendered.content_type.startswith("text/html")
            found.append((f"{name}.html" if is_page else name, rendered.body))
    return found


def _written(top: Path) -> set[str]:
    """Return the names that the last export has written, none that lead out of the folder."""
    try:
        names = orjson.loads((top / _WRITTEN).read_bytes())
    except (OSError, ValueError):
        return set()
    return {name for name in names if isinstance(name, str) and ".." not in Path(name).parts
            and not Path(name).is_absolute()}  # fmt: skip


def _replace(path: Path, body: bytes) -> None:
    """Write a file in one step: who reads it meanwhile gets the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(body)
    os.replace(part, path)
