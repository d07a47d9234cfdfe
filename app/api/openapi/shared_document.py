"""The OpenAPI document of an application as its processes share it.

It takes a fifth of a second and many megabytes to make, and most processes never need it, so it is
made when somebody asks. Those of gunicorn inherit it, made before they are forked in a fork that
takes what that needed with it.
"""

import hashlib
import logging
import os
import threading
from typing import Protocol

from flask import Flask

log = logging.getLogger(__name__)


class Maker(Protocol):
    """Maker of the document of an application."""

    def make(self, app: Flask) -> bytes: ...


class SharedDocument:
    """The document of one application, made once."""

    def __init__(self, maker: Maker, app: Flask) -> None:
        self._maker = maker
        self._app = app
        self._lock = threading.Lock()
        self._body: bytes | None = None
        self._made_by: tuple[int, int] | None = None  # a fork, and where it writes

    def body(self) -> bytes:
        """Return the document."""
        with self._lock:
            if self._body is None:
                self._body = self._maker.make(self._app)
        return self._body

    def begin(self) -> None:
        """Have a fork make the document. This process has no thread but its own."""
        reads, writes = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            log.warning("no fork for the OpenAPI document", extra={"why": str(error)})
            os.close(reads)
            os.close(writes)
            return
        if pid == 0:
            os.close(reads)
            self._make_and_end(writes)
        os.close(writes)
        self._made_by = pid, reads

    def _make_and_end(self, writes: int) -> None:
        code = os.EX_SOFTWARE
        try:
            with os.fdopen(writes, "wb") as pipe:
                pipe.write(self._maker.make(self._app))
            code = os.EX_OK
        except Exception:
            log.exception("the OpenAPI document is not made in a fork")
        finally:
            os._exit(code)

    def take(self) -> None:
        """Wait for the document that a fork makes. Where it failed whoever asks makes it."""
        if self._made_by is None:
            return
        pid, reads = self._made_by
        self._made_by = None
        with os.fdopen(reads, "rb") as pipe:
            body = pipe.read()
        _, status = os.waitpid(pid, 0)
        if os.waitstatus_to_exitcode(status) == os.EX_OK:
            self._body = body


def document_of(app: Flask) -> SharedDocument:
    """Return the document of an application."""
    result: SharedDocument = app.extensions["openapi"]
    return result


def etag_of(body: bytes) -> str:
    """Return the entity tag of a document."""
    return hashlib.sha256(body).hexdigest()[:16]
