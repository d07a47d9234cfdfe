"""Public pages as files: a twin that any web server or object storage can serve."""

import os
from datetime import datetime
from itertools import count
from pathlib import Path

import orjson

from app.pages.status import numbered, statuspage
from app.pages.status.responses import Rendered, find
from app.pages.status.snapshot import Freshness, Snapshot
from app.pages.status.store import PageStore
from app.pages.status.view import View

_PARTS = (
    *statuspage.FILES, "page.json", "history", "feed.atom", "feed.rss", "maintenance.ics",
    "style.css", "custom.css", "page.mjs", "embed", "logo", "dark-logo", "robots.txt",
    "sitemap.xml",
)  # fmt: skip
_WRITTEN = ".alertifypro.json"  # what the last export has put there


class Copy:
    """Copy of the pages that everybody may see, under `status/` in a folder.

    What is HTML is named `….html`, so that `try_files $uri $uri.html` of nginx finds it. What was
    written earlier and nobody may see any more is deleted: a page that was made private, renamed or
    deleted, an incident that is gone. Other files there are left alone.
    """

    def __init__(self, folder: Path) -> None:
        self._top = folder / "status"
        self._names: dict[str, tuple[datetime, frozenset[str]]] = {}  # by page, as of its snapshot

    def update(self, store: PageStore) -> tuple[int, int]:
        """Write what has changed since the last time; return how many pages and files those are.

        The first time every page is written.
        """
        before = _written(self._top) | {name for _, names in self._names.values() for name in names}
        pages = {page.page_id: page for page in store.pages() if page.is_open}
        self._names = {id: found for id, found in self._names.items() if id in pages}
        fresh = [page for id, page in pages.items() if self._made_at(id) != page.made_at]
        count = 0
        for page in fresh:
            files = dict(_files(page))
            count += sum(_replace(self._top / name, body) for name, body in files.items())
            self._names[page.page_id] = page.made_at, frozenset(files)
        now = {name for _, names in self._names.values() for name in names}
        for name in before - now:
            (self._top / name).unlink(missing_ok=True)
        if before != now:
            _replace(self._top / _WRITTEN, orjson.dumps(sorted(now)))
        return len(fresh), count + len(before - now)

    def _made_at(self, page_id: str) -> datetime | None:
        return self._names[page_id][0] if page_id in self._names else None


def _files(snapshot: Snapshot) -> list[tuple[str, bytes]]:
    parts = [
        *_PARTS,
        *(f"incidents/{one['key']}" for one in snapshot.incidents()),
        *(
            f"maintenance/{one['key']}{ending}"
            for one in snapshot.told_maintenance()
            for ending in ("", ".ics")
        ),
        *(f"services/{key}" for key in snapshot.data["services"]),
    ]
    result = []
    for part in ("", *parts):
        rendered = _rendered(snapshot, part)
        if rendered is not None:
            name = f"{snapshot.slug}/{part}" if part else snapshot.slug
            is_page = rendered.content_type.startswith("text/html")
            result.append((f"{name}.html" if is_page else name, rendered.body))
    pages = [f"incidents/{one['key']}" for one in snapshot.incidents()]  # of earlier updates
    view = View(snapshot, Freshness.FRESH, _root(snapshot), is_copy=True)
    for month in numbered.months(view):
        pages.append(f"history/{month}")
        result += _numbered(snapshot, pages[-1], "")
    for part in pages:
        for number in count(2):
            more = _numbered(snapshot, part, f"/{number}")
            if not more:
                break
            result += more
    return result


def _numbered(snapshot: Snapshot, part: str, number: str) -> list[tuple[str, bytes]]:
    rendered = _rendered(snapshot, f"{part}{number}")
    return [(f"{snapshot.slug}/{part}{number}.html", rendered.body)] if rendered else []


def _rendered(snapshot: Snapshot, part: str) -> Rendered | None:
    return find(snapshot, part, {}, Freshness.FRESH, _root(snapshot), is_copy=True)


def _root(snapshot: Snapshot) -> str:
    return f"/status/{snapshot.slug}"


def _written(top: Path) -> set[str]:
    """Return the names that the last export has written, none that lead out of the folder."""
    try:
        names = orjson.loads((top / _WRITTEN).read_bytes())
    except (OSError, ValueError):
        return set()
    return {name for name in names if isinstance(name, str) and ".." not in Path(name).parts
            and not Path(name).is_absolute()}  # fmt: skip


def _replace(path: Path, body: bytes) -> bool:
    """Write a file in one step: who reads it meanwhile gets the old or the new one.

    Return whether it was another one: what is the same is left as it lies, for programs that send
    on what is newer.
    """
    try:
        if path.read_bytes() == body:
            return False
    except OSError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(body)
    os.replace(part, path)
    return True
