"""Bodies of pings: the beginning is kept, the rest is read away, however much it is."""

from typing import Any, Protocol

from gunicorn.http.errors import ParseException

from app.operations.heartbeats.pings import MAX_KEPT_BODY_BYTES

_STEP_BYTES = 64 * 1024
# A client that sends more does not get an answer it would read; its ping counts all the same.
_MOST_BYTES = 1024 * 1024 * 1024


class Stream(Protocol):
    """Body of a request, as a WSGI server gives it to be read."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""


class BrokenBody(Exception):
    """Body that is not HTTP, or was cut off."""


def read_beginning(environ: dict[str, Any]) -> bytes:
    """Return the first bytes of a request's body, and read the rest away. Raises BrokenBody.

    The connection can be used again then, and a stream of any length takes the same memory.
    """
    stream: Stream = environ["wsgi.input"]
    is_chunked = "HTTP_TRANSFER_ENCODING" in environ
    left = _MOST_BYTES if is_chunked else _length(environ)
    kept = b""
    try:
        while left > 0 and (piece := stream.read(min(left, _STEP_BYTES))):
            kept += piece[: MAX_KEPT_BODY_BYTES - len(kept)]
            left -= len(piece)
    except (ParseException, OSError, ValueError) as error:
        raise BrokenBody from error
    return kept


def _length(environ: dict[str, Any]) -> int:
    length: str = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal()):
        raise BrokenBody
    return min(int(length), _MOST_BYTES)
