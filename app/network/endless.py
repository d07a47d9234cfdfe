"""Answers without a declared end: how long to listen to one that may never end."""

import re
from collections.abc import Callable, Sequence

import pycurl

from app.platform.clock import monotonic

PATIENCE_SECONDS = 1.0  # after which an answer that still flows, and lacks nothing, is left
_AGAIN_SECONDS = 0.05
_GROWTH = 1.05  # a longer body is searched anew when it has grown by so much
_INTERIM = re.compile(rb"HTTP/[0-9.]+ 1(?!01\b)")
_SWITCH = re.compile(rb"HTTP/[0-9.]+ 101\b")
_NO_BODY = re.compile(rb"HTTP/[0-9.]+ (?:1|204|304)")
_UNEXPECTED_EOF = 0x126  # SSL_R_UNEXPECTED_EOF_WHILE_READING
_OPENSSL_CODE = re.compile(r"error:([0-9A-F]{8}):")
_STREAMS = (
    b"text/event-stream",
    b"multipart/x-mixed-replace",
    b"audio/",
    b"video/",
    b"application/ogg",
    b"application/x-ndjson",
    b"application/stream+json",
)
_DOCUMENTS = (b"text/html", b"application/xhtml")


class StreamWatch:
    """The watch over one answer without Content-Length.

    A stream (Icecast, Server-Sent Events, MJPEG) ends as soon as nothing more is wanted of it. Any
    other answer is read to its end, unless it still flows after a second and lacks nothing.
    """

    def __init__(self, content_type: bytes, *, is_chunked: bool) -> None:
        self.is_chunked = is_chunked
        self.is_stream = content_type.startswith(_STREAMS)
        self.has_ended = False
        self._is_document = content_type.startswith(_DOCUMENTS)
        self._began_at = monotonic()
        self._searched_at = self._began_at
        self._searched_size = 0

    def ends(
        self,
        enough: Callable[[Sequence[bytes], bytes], bool],
        lines: Sequence[bytes],
        chunks: Sequence[bytes],
        size: int,
    ) -> bool:
        """Say whether to stop here: the answer has all that is wanted and goes on."""
        now = monotonic()
        if not self.is_stream and now - self._began_at < PATIENCE_SECONDS:
            return False
        grown = size >= self._searched_size * _GROWTH
        if self._searched_size and not grown and now - self._searched_at < _AGAIN_SECONDS:
            return False
        self._searched_at, self._searched_size = now, size
        self.has_ended = enough(lines, b"".join(chunks))
        # A page that is slow stays slow; what else flows on is a stream by another name.
        self.is_stream = self.is_stream or (self.has_ended and not self._is_document)
        return self.has_ended


def is_interim(lines: Sequence[bytes]) -> bool:
    """Say whether the head of one answer announces another one after it (RFC 9110 15.2)."""
    return bool(lines) and _INTERIM.match(lines[0]) is not None


def is_switch(lines: Sequence[bytes]) -> bool:
    """Say whether the head of one answer ends HTTP on its connection (101, RFC 9110 15.2.2)."""
    return bool(lines) and _SWITCH.match(lines[0]) is not None


def watch_of(lines: Sequence[bytes]) -> StreamWatch | None:
    """Return a watch over an answer of which this is the head; None when it declares its end."""
    if not lines or not lines[0].startswith(b"HTTP/") or _NO_BODY.match(lines[0]):
        return None
    content_type, is_chunked = b"", False
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        if name in (b"content-length", b"location"):
            return None
        if name == b"content-type":
            content_type = value.strip().lower()
        elif name == b"transfer-encoding":
            is_chunked = True
    return StreamWatch(content_type, is_chunked=is_chunked)


def ends_without_farewell(code: int, message: str) -> bool:
    """Say whether libcurl reports that TLS ended without close_notify, and nothing worse."""
    found = _OPENSSL_CODE.search(message) if code == pycurl.E_RECV_ERROR else None
    return found is not None and int(found[1], 16) & 0x7FFFFF == _UNEXPECTED_EOF
