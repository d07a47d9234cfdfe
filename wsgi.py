"""The application for gunicorn: `gunicorn -c gunicorn.conf.py wsgi:app`."""

import sys

from app.api.openapi.shared_document import document_of
from app.ingest import batcher
from app.pages.status.store import Watcher, store_of
from app.platform.bootstrap import warm_up
from app.web import create_app, rehearse

app = create_app()
# Elsewhere than on Linux a fork that goes on without exec is not safe.
if sys.platform == "linux":
    document_of(app).begin()
warm_up(app)
rehearse(app)
document_of(app).take()


def start() -> None:
    """Start what a process that serves does beside the requests.

    It proves that pings can be received, whether or not any come, and keeps status pages fresh.
    """
    batcher.batcher_of(app).open()
    Watcher(app, store_of(app)).start()
