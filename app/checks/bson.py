"""The part of BSON (https://bsonspec.org) that hello and a sign-in need."""

import struct
from typing import Any

from app.checks.base import ProtocolBroken

_MAX_DEPTH = 20
_FIXED = {0x01: "<d", 0x09: "<q", 0x10: "<i", 0x11: "<Q", 0x12: "<q"}
_SKIPPED = {0x07: 12, 0x13: 16}  # object id, decimal
_NOTHING = (0x06, 0x0A, 0x7F, 0xFF)


def encode(document: dict[str, Any]) -> bytes:
    """Return a document of texts, whole numbers, flags, bytes and documents as BSON."""
    body = b"".join(_element(name.encode() + b"\0", value) for name, value in document.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def decode(data: bytes) -> dict[str, Any]:
    """Return the values of a BSON document by name. Raises CheckFailed."""
    try:
        document, _ = _document(data, 0, _MAX_DEPTH)
    except (struct.error, IndexError, ValueError):
        raise ProtocolBroken("the server's answer cannot be read") from None
    return document


def _element(name: bytes, value: Any) -> bytes:
    if isinstance(value, bool):
        return b"\x08" + name + bytes([value])
    if isinstance(value, int):
        return b"\x10" + name + struct.pack("<i", value)
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return b"\x02" + name + struct.pack("<i", len(text)) + text
    if isinstance(value, bytes):
        return b"\x05" + name + struct.pack("<iB", len(value), 0) + value
    return b"\x03" + name + encode(value)


def _document(data: bytes, start: int, depth: int) -> tuple[dict[str, Any], int]:
    (size,) = struct.unpack_from("<i", data, start)
    end = start + size
    if depth == 0 or size < 5 or end > len(data):
        raise ValueError("not a document")
    found: dict[str, Any] = {}
    position = start + 4
    while data[position]:
        kind = data[position]
        stop = data.index(b"\0", position + 1, end)
        name = data[position + 1 : stop].decode("utf-8", "replace")
        found[name], position = _value(kind, data, stop + 1, depth)
    return found, end


def _value(kind: int, data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if kind in _FIXED:
        form = _FIXED[kind]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if kind in (0x02, 0x0D, 0x0E):  # text, code, symbol
        (size,) = struct.unpack_from("<i", data, at)
        return data[at + 4 : at + 3 + size].decode("utf-8", "replace"), _after(at + 4, size, data)
    if kind in (0x03, 0x04):
        document, after = _document(data, at, depth - 1)
        return (list(document.values()) if kind == 0x04 else document), after
    if kind == 0x05:
        (size,) = struct.unpack_from("<i", data, at)
        return data[at + 5 : at + 5 + size], _after(at + 5, size, data)
    if kind == 0x08:
        return bool(data[at]), at + 1
    if kind in _SKIPPED:
        return None, at + _SKIPPED[kind]
    if kind in _NOTHING:
        return None, at
    raise ValueError("an unknown kind of value")


def _after(at: int, size: int, data: bytes) -> int:
    if size < 0 or at + size > len(data):
        raise ValueError("a value that is longer than its document")
    return at + size
