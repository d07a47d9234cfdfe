"""Bodies of requests: within the limit, and unpacked where they came packed."""

import zlib

import flask
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

_MOST_MEMBERS = 100  # each copies what is left; an empty one has twenty bytes


def body_of(req: flask.Request) -> bytes:
    """Return the body of a request, unpacked where it came as gzip.

    Raises RequestEntityTooLarge, also where it is so once unpacked, BadRequest for broken gzip,
    UnsupportedMediaType for another encoding.
    """
    body = req.get_data(cache=True)
    # A chunked body is cut at the limit without a word.
    if req.content_length is None and len(body) >= (req.max_content_length or 0) > 0:
        raise RequestEntityTooLarge
    encoding = req.headers.get("Content-Encoding", "identity").lower()
    if encoding == "gzip":
        return _unpacked(body, req.max_content_length or 0)
    if encoding != "identity":
        raise UnsupportedMediaType("a body may be encoded with gzip, and with nothing else")
    return body


def _unpacked(body: bytes, limit: int) -> bytes:
    result = b""
    for _ in range(_MOST_MEMBERS):  # one after the other (RFC 1952 2.2)
        unpacker = zlib.decompressobj(wbits=31)  # gzip alone
        try:
            result += unpacker.decompress(body, limit + 1 - len(result))
        except zlib.error:
            raise BadRequest("the body is not gzip, as its Content-Encoding says") from None
        if len(result) > limit:
            raise RequestEntityTooLarge
        if not unpacker.eof:
            raise BadRequest("the gzip of the body is cut off")
        body = unpacker.unused_data
        if not body:
            return result
    raise BadRequest(f"the gzip of the body has more than {_MOST_MEMBERS} members")
