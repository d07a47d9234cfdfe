"""The application for gunicorn: `gunicorn -c gunicorn.conf.py wsgi:app`."""

from app.ingest import batcher
from app.pages.status.store import Watcher, store_of
from app.platform.bootstrap import warm_up
from app.web import create_app

app = create_app()
warm_up(app)


def start() -> None:
    """Start what a process that serves does beside the requests.

    It proves that pings can be received, whether or not any come, and keeps status pages fresh.
    """
    batcher.batcher_of(app).open()
    Watcher(app, store_of(app)).start()
