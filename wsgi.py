"""The application for gunicorn: `gunicorn -c gunicorn.conf.py wsgi:app`."""

from app.ingest import batcher
from app.pages.status.store import Watcher, store_of
from app.web import create_app

app = create_app()
# A process that serves also proves that pings can be received, whether or not any come.
batcher.batcher_of(app).open()
Watcher(app, store_of(app)).start()
