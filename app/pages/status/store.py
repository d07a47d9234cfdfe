"""Pages in the memory of a web process, and in files: they answer while the database is away."""

import hashlib
import logging
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from flask import Flask

from app.operations.status_pages import snapshots
from app.pages.status import responses
from app.pages.status.responses import Rendered
from app.pages.status.snapshot import Freshness, Snapshot, freshness
from app.platform.clock import monotonic, utcnow
from app.platform.transaction import DATABASE_AWAY

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
_MISSED_EVERY_SECONDS = 0.25
AWAY_AFTER_SECONDS = 4.0
CACHE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Index:
    """Pages by what requests name them with."""

    by_slug: Mapping[str, Snapshot]
    by_old_slug: Mapping[str, Snapshot]
    by_host: Mapping[str, Snapshot]
    by_badge: Mapping[str, tuple[Snapshot, str | None]]


class PageStore:
    """Snapshots and what was rendered from them; safe for many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._look_lock = threading.Lock()
        self._pages: dict[str, Snapshot] = {}
        self._versions: dict[str, tuple[int, datetime]] = {}
        self._index = _Index({}, {}, {}, {})
        self._cache: OrderedDict[tuple[Any, ...], Rendered] = OrderedDict()
        self._cached_bytes = 0
        self._looked_at: float | None = None
        self._can_write = True
        self.is_watched = False

    def read_files(self) -> None:
        """Fill the memory with what the files hold; what cannot be read is left out."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                stored = orjson.loads(path.read_bytes())
                snapshot = Snapshot(
                    page_id=stored["page_id"],
                    document=stored["document"].encode(),
                    archive=stored["archive"].encode(),
                    hash=stored["hash"],
                    made_at=datetime.fromisoformat(stored["made_at"]),
                    old_slugs=tuple(stored["old_slugs"]),
                )
                assert snapshot.slug
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                log.warning("a stored page cannot be read", extra={"file": path.name, "why": error})
                continue
            self._pages[snapshot.page_id] = snapshot
        self._reindex()

    def look(self) -> bool:
        """Take over what has changed; False while the database is away. Needs the application."""
        with self._look_lock:
            return self._look()

    def look_for_missing(self) -> None:
        """Look once more before saying that there is no such page: it may be new.

        Four times a second at most, however many ask, and not while the database is away.
        """
        if not self._look_lock.acquire(timeout=_MISSED_EVERY_SECONDS):
            return  # a look takes long: nobody waits for it
        try:
            looked = self._looked_at
            is_recent = looked is None or monotonic() - looked < _MISSED_EVERY_SECONDS
            if not is_recent and not self._is_away():
                self._look()
        finally:
            self._look_lock.release()

    def _is_away(self) -> bool:
        looked = self._looked_at
        return looked is None or monotonic() - looked > AWAY_AFTER_SECONDS

    def _look(self) -> bool:
        try:
            current = {str(id): found for id, found in snapshots.versions().items()}
            changed = [id for id, found in current.items() if self._versions.get(id) != found]
            rows = snapshots.load([UUID(id) for id in changed]) if changed else []
        except DATABASE_AWAY as error:
            log.debug("pages are shown as they were: %s", error)
            return False
        self._looked_at = monotonic()
        gone = self._pages.keys() - current.keys()
        if not changed and not gone:
            return True
        # What is gone goes first: another page may have its slug by now, and so its file.
        for id in gone:
            self._drop(id)
        for row in rows:
            self._take(row)
        self._versions = current
        self._reindex()
        return True

    def _take(self, row: snapshots.StoredSnapshot) -> None:
        before = self._pages.get(str(row.page_id))
        snapshot = Snapshot(
            str(row.page_id), row.document, row.archive, row.hash, row.made_at, row.old_slugs
        )
        self._pages[snapshot.page_id] = snapshot
        if before is not None and before.slug != snapshot.slug:
            self._remove(before)
        self._write(snapshot)

    def _drop(self, page_id: str) -> None:
        self._remove(self._pages.pop(page_id))

    def _reindex(self) -> None:
        pages = list(self._pages.values())
        badges: dict[str, tuple[Snapshot, str | None]] = {}
        for page in pages:
            if page.is_open:
                badges[page.page["badge_key"]] = (page, None)
                badges.update({key: (page, key) for key in page.data["services"]})
        self._index = _Index(
            by_slug={page.slug: page for page in pages},
            by_old_slug={slug: page for page in pages for slug in page.old_slugs},
            by_host={page.page["host"]: page for page in pages if page.page["host"]},
            by_badge=badges,
        )
        with self._lock:
            hashes = {(page.page_id, page.made_at) for page in pages}
            for key in [key for key in self._cache if key[:2] not in hashes]:
                self._cached_bytes -= self._cache.pop(key).size

    def of_slug(self, slug: str) -> Snapshot | None:
        """Return the page with a slug."""
        return self._index.by_slug.get(slug)

    def of_old_slug(self, slug: str) -> Snapshot | None:
        """Return the page that had a slug lately."""
        return self._index.by_old_slug.get(slug)

    def of_host(self, host: str) -> Snapshot | None:
        """Return the page that a host of its own serves."""
        return self._index.by_host.get(host)

    def of_badge(self, key: str) -> tuple[Snapshot, str | None] | None:
        """Return the open page of a badge, and the key of its service if it is of one."""
        return self._index.by_badge.get(key)

    def pages(self) -> list[Snapshot]:
        """Return every page, by slug."""
        return [self._index.by_slug[slug] for slug in sorted(self._index.by_slug)]

    def freshness(self, snapshot: Snapshot) -> Freshness:
        """Return how much a page may claim now."""
        return freshness(snapshot.made_at, utcnow(), is_database_away=self._is_away())

    def find(
        self, snapshot: Snapshot, rest: str, query: Mapping[str, str], root: str
    ) -> Rendered | None:
        """Return what a page answers on a path, from memory where it was asked for before."""
        used = responses.used_of(rest, query)
        state = self.freshness(snapshot)
        key = (snapshot.page_id, snapshot.made_at, state, root, rest, *sorted(used.items()))
        with self._lock:
            kept = self._cache.get(key)
            if kept is not None:
                self._cache.move_to_end(key)
                return kept
        result = responses.find(snapshot, rest, used, state, root)
        if result is not None:
            self._keep(key, result)
        return result

    def _keep(self, key: tuple[Any, ...], rendered: Rendered) -> None:
        with self._lock:
            if key not in self._cache:
                self._cache[key] = rendered
                self._cached_bytes += rendered.size
            while self._cached_bytes > CACHE_BYTES:
                _, oldest = self._cache.popitem(last=False)
                self._cached_bytes -= oldest.size

    def _path(self, snapshot: Snapshot) -> Path:
        name = hashlib.sha256(snapshot.slug.encode()).hexdigest()[:32]
        return self._folder / f"{name}.json"

    def _write(self, snapshot: Snapshot) -> None:
        stored = {
            "page_id": snapshot.page_id,
            "document": snapshot.document.decode(),
            "archive": snapshot.archive.decode(),
            "hash": snapshot.hash,
            "made_at": snapshot.made_at,
            "old_slugs": snapshot.old_slugs,
        }
        self._to_disk(lambda: _replace(self._path(snapshot), orjson.dumps(stored)))

    def _remove(self, snapshot: Snapshot) -> None:
        self._to_disk(lambda: self._path(snapshot).unlink(missing_ok=True))

    def _to_disk(self, step: Callable[[], None]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            step()
            self._can_write = True
        except OSError as error:
            if self._can_write:
                log.warning("pages cannot be kept in files", extra={"why": str(error)})
            self._can_write = False


def _replace(path: Path, content: bytes) -> None:
    # Several processes write the same file: each its own, and the rename is one step. It holds the
    # hash of a page's password, and is for nobody else on this machine (mkstemp: 0600).
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class Watcher(threading.Thread):
    """Watcher of new snapshots, each second for as long as the process lives."""

    def __init__(self, app: Flask, store: PageStore) -> None:
        super().__init__(name="pages", daemon=True)
        self._app = app
        self._store = store
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the thread after its current step."""
        self._stopped.set()

    def run(self) -> None:
        """Look, and look again, whatever goes wrong."""
        self._store.is_watched = True
        while not self._stopped.is_set():
            try:
                with self._app.app_context():
                    self._store.look()
            except Exception:
                log.exception("status pages not read; the next read tries again")
            self._stopped.wait(LOOK_EVERY_SECONDS)
        self._store.is_watched = False


def store_of(app: Flask) -> PageStore:
    """Return the pages of an application."""
    result: PageStore = app.extensions["pages"]
    return result
