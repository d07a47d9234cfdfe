"""Bodies of HTTP answers: content encodings undone, and bytes read in their charset.

Browsers, requests and node are the measure: an encoding nobody knows leaves the body as it is
(RFC 9110 8.4.1), a gzip file may have several members (RFC 1952 2.2), a byte order mark beats the
header and the header the document (WHATWG HTML 13.2.3).
"""

import codecs
import re
import zlib
from dataclasses import dataclass

import brotli

from app.domain import charsets

MAX_BODY = 1024 * 1024
MAX_MEMBERS = 1_000  # of a gzip file; a megabyte of empty ones would take a second
ACCEPTED = "gzip, deflate, br"
_GZIP, _DEFLATE, _BROTLI = ("gzip", "x-gzip"), ("deflate",), ("br",)
# Encodings that only a server sends that does not heed what was asked for.
_UNREAD = frozenset(("zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"))
_DECLARATION = 1_024  # bytes in which a document names its charset
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:+-]+)", re.I)
_META = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]+)", re.I)
_XML = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:+-]+)[\"']", re.I)
# Codecs of Python's own, which no page is written in; punycode takes time by the square.
_NO_CHARSETS = frozenset(("punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"))
# What the Encoding Standard reads under these names, by Python's name for them, as browsers do.
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Its labels that Python does not know.
_LABELS = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "windows-949": "cp949",
    "windows-874": "cp874",
    "dos-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "logical": "iso8859-8",
    "visual": "iso8859-8",
    "sun_eu_greek": "iso8859-7",
    "koi8": "koi8-r",
    "koi": "koi8-r",
    "koi8-ru": "koi8-u",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "x-unicode20utf8": "utf-8",
    "unicode20utf8": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    **{f"x-cp{number}": f"cp{number}" for number in range(1250, 1259)},
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body without its content encodings, at most 1 MiB; `complete` unless decoding failed.

    `unread_encoding` names a known encoding that is not read here; the data are still in it.
    """

    data: bytes
    truncated: bool = False
    complete: bool = True
    unread_encoding: str = ""


def decoded(raw: bytes, encodings: str) -> Decoded:
    """Return a body as it was before the encodings of a Content-Encoding header."""
    result = Decoded(raw)
    if not raw:
        return result
    for name in reversed([part.strip().lower() for part in encodings.split(",")]):
        if name in _UNREAD:
            return Decoded(raw, complete=False, unread_encoding=name)
        if name in _GZIP:
            result = _inflated(result, 31)
        elif name in _DEFLATE:
            result = _deflated(result)
        elif name in _BROTLI:
            result = _from_brotli(result)
    return result


def text(data: bytes, content_type: str) -> str:
    """Return a body as text in the charset it is written in; never fails."""
    return _read(data, charset(data, content_type) or charsets.undeclared(data))


def charset(data: bytes, content_type: str) -> str | None:
    """Return the charset that a byte order mark, the header or the document names, if any."""
    marked = charsets.marked(data)
    if marked:
        return marked
    match = _CHARSET.search(content_type)
    named = _known(match[1]) if match else None
    if named:
        return named
    head = data[:_DECLARATION]
    declared = _XML.search(head) or _META.search(head)
    found = _known(declared[1].decode()) if declared else None
    if found is None:
        return None
    # A declaration that could be read byte by byte is not in the UTF-16 that it may name.
    return "utf-8" if found.startswith("utf-16") else found


def _known(label: str) -> str | None:
    try:
        found = codecs.lookup(_LABELS.get(label.lower(), label))
    except LookupError:
        return None
    if not found._is_text_encoding or found.name in _NO_CHARSETS:
        return None
    return _READ_AS.get(found.name, found.name)


def _read(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "replace")


def _inflated(body: Decoded, window_bits: int) -> Decoded:
    rest, room = body.data, MAX_BODY
    pieces: list[bytes] = []
    while rest:
        if len(pieces) == MAX_MEMBERS:
            return Decoded(b"".join(pieces), body.truncated, complete=False)
        member = zlib.decompressobj(window_bits)
        try:
            pieces.append(member.decompress(rest, room))
        except zlib.error:
            # What follows a complete member is padding, as gzip itself says.
            return Decoded(b"".join(pieces), body.truncated, complete=bool(pieces))
        room -= len(pieces[-1])
        if room <= 0 or (not member.eof and member.unconsumed_tail):
            return Decoded(b"".join(pieces), truncated=True)
        if not member.eof:
            return Decoded(b"".join(pieces), body.truncated, complete=False)
        rest = member.unused_data
    return Decoded(b"".join(pieces), body.truncated, body.complete)


def _deflated(body: Decoded) -> Decoded:
    found = _inflated(body, 15)
    # Servers send deflate with and without the zlib frame; who reads one reads the other.
    return found if found.complete or found.data else _inflated(body, -15)


def _from_brotli(body: Decoded) -> Decoded:
    stream = brotli.Decompressor()
    try:
        data = stream.process(body.data, output_buffer_limit=MAX_BODY)
    except brotli.error:
        return Decoded(b"", body.truncated, complete=False)
    if not stream.can_accept_more_data():
        return Decoded(data, truncated=True)
    return Decoded(data, body.truncated, complete=stream.is_finished())
