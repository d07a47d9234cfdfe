"""The scenes over HTTP, for browsers: the middleware over a store that nobody fills."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from app.pages.status import store as stores
from app.pages.status.middleware import PageMiddleware
from app.pages.status.store import PageStore
from tests.pages import scenes


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep still."""


def store_of_scenes(*, is_away: bool = False) -> PageStore:
    """Return a store that holds every scene."""
    store = PageStore(Path("/nonexistent"))
    store.is_watched = True
    store._pages = {one.page_id: one for one in scenes.scenes().values()}
    store._looked_at = None if is_away else 1e18
    store._reindex()
    return store


@contextmanager
def serving(age: timedelta = timedelta(seconds=5), *, is_away: bool = False) -> Iterator[str]:
    """Serve the scenes on loopback and yield the address."""

    def nobody(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"no page"]

    store = store_of_scenes(is_away=is_away)
    application = PageMiddleware(nobody, SimpleNamespace(base_url="http://localhost"), store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "utcnow", lambda: scenes.NOW + age)
        server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
