"""Charsets of bytes of which nobody says how they are written."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def marked(data: bytes) -> str | None:
    """Return the charset that a byte order mark names, None without one."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def undeclared(data: bytes) -> str:
    """Return how browsers read what names no charset: as UTF-8 where it is, else as Windows-1252.

    What was cut may end within a character.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def text(data: bytes) -> str:
    """Return bytes as text; never fails."""
    return data.decode(marked(data) or undeclared(data), "replace")
