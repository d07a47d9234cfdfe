"""Pings on a port of their own (PING_PORT): what hurts the API does not reach them.

`gunicorn -c gunicorn.conf.py -b HOST:PORT wsgi_pings:app`. All else than pings and /health is 404.
"""

from app.api.ping_middleware import only_pings
from app.ingest import batcher
from app.web import create_app

app = create_app()
app.wsgi_app = only_pings(app.wsgi_app)  # type: ignore[method-assign, assignment]


def start() -> None:
    """Prove that pings can be received, whether or not any come."""
    batcher.batcher_of(app).open()
