"""Bodies of pings: the beginning is kept, the rest is read away, however much it is.

A body that ends before its time, or comes too slowly, is cut there: its ping counts all the same.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.errors import ChunkMissingTerminator, ParseException
from werkzeug.exceptions import RequestTimeout

from app.operations.heartbeats.pings import MAX_KEPT_BODY_BYTES

_STEP_BYTES = 64 * 1024
# A client that sends more does not get an answer it would read; its ping counts all the same.
_MOST_BYTES = 1024 * 1024 * 1024
_CUT = b"[body cut: the connection closed or stalled before its end]"


class Stream(Protocol):
    """Body of a request, as a WSGI server gives it to be read."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""


class BrokenBody(Exception):
    """Body that is not HTTP."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """First bytes of a body, and whether its client left before the end of it."""

    body: bytes
    is_cut: bool = False

    def kept(self) -> bytes:
        """Return what the history shows, with a last line where the body is cut."""
        if not self.is_cut:
            return self.body
        return (
            self.body[: MAX_KEPT_BODY_BYTES - len(_CUT) - 1] + (b"\n" if self.body else b"") + _CUT
        )


def read_beginning(environ: dict[str, Any]) -> Beginning:
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
    except ChunkMissingTerminator as error:
        if error.term not in (b"", b"\r"):  # else its connection has ended there
            raise BrokenBody from error
    except (ParseException, ValueError) as error:
        raise BrokenBody from error
    except (OSError, RequestTimeout):
        pass  # whoever has left, or is too slow, has reported all the same
    else:
        return Beginning(kept, is_cut=left > 0 and not is_chunked)
    return Beginning((kept + _buffered(stream))[:MAX_KEPT_BODY_BYTES], is_cut=True)


def _buffered(stream: Stream) -> bytes:
    """Return what had arrived of a body when reading it failed."""
    if not isinstance(stream, Body):
        return b""
    reader = stream.reader
    rest: bytes = reader.buf.getvalue() if isinstance(reader, ChunkedReader) else b""
    return bytes(stream.buf.getvalue()) + rest


def _length(environ: dict[str, Any]) -> int:
    length: str = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal()):
        raise BrokenBody
    return min(int(length), _MOST_BYTES)
