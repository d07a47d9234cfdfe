"""The scenes over HTTP, for browsers: the middleware over a store that nobody fills."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from app.pages.status import html, responses
from app.pages.status import store as stores
from app.pages.status.middleware import PageMiddleware, not_found
from app.pages.status.snapshot import Snapshot
from app.pages.status.store import PageStore
from app.pages.status.view import View
from app.platform.config import Config
from tests.pages import scenes

_CONFIG = Config.from_env(
    {
        "DATABASE_URL": "postgresql://u@h/d",
        "REDIS_URL": "redis://h",
        "JWT_SECRET": "x" * 32,
        "ENCRYPTION_KEY": "00" * 32,
    }
)


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection: browsers open some before they have anything to ask."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep still."""


def store_of_scenes(pages: Iterable[Snapshot] | None = None, *, is_away: bool = False) -> PageStore:
    """Return a store that holds every scene, or some pages."""
    store = PageStore(Path("/nonexistent"))
    store.is_watched = True
    store._pages = {one.page_id: one for one in pages or scenes.scenes().values()}
    store._looked_at = None if is_away else 1e18
    store._reindex()
    return store


def form(store: PageStore, path: str) -> bytes:
    """Return the form on a path, as the views of the application render it."""
    slug, _, rest = path.removeprefix("/status/").partition("/")
    page = store.of_slug(slug)
    if page is None:
        if slug != "open":
            return not_found().body
        return html.plain("open", slug="", problem=None, asks_name=True)
    view = View(page, store.freshness(page), f"/status/{slug}")
    choices = {"wants": "everything", "chosen": ()}
    if rest == "subscribe":
        return html.render("subscribe", view, problem="Once more.", done=False, **choices)
    subscription = SimpleNamespace(address="jo@example.com")
    return html.render(
        "subscription",
        view,
        subscription=subscription,
        asks=rest == "confirm",
        title="Confirm",
        note="Saved.",
        **choices,
    )


@contextmanager
def serving(
    age: timedelta = timedelta(seconds=5),
    *,
    pages: Iterable[Snapshot] | None = None,
    is_away: bool = False,
) -> Iterator[str]:
    """Serve the scenes, or some pages, on loopback and yield the address."""

    store = store_of_scenes(pages, is_away=is_away)

    def others(environ: Any, start_response: Any) -> list[bytes]:
        """Show the forms, which the application itself answers."""
        body = form(store, environ["PATH_INFO"])
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", responses.CONTENT_SECURITY),
        ]
        start_response("200 OK", headers)
        return [body]

    application = PageMiddleware(others, _CONFIG, store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "utcnow", lambda: scenes.NOW + age)
        server = make_server("127.0.0.1", 0, application, _Server, _Quiet)
        # It looks so often whether it shall end, and whoever ends it waits for that.
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
