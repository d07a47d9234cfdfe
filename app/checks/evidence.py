"""Evidence of a failure: enough to see why, bounded, and without secrets."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, fields

from app.domain.masking import MASK, MIN_SECRET, SENSITIVE_NAME
from app.network.certificates import read_pem
from app.network.http import HttpResponse
from app.network.trace import MAX_RECEIVED, Trace

MAX_ERROR = 500
MAX_HEADERS = 50
MAX_VALUE = 500
MAX_CHAIN = 10
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_INVISIBLE_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def one_line(text: str) -> str:
    """Return text as one line of at most 500 characters, control characters escaped."""
    cut = text if len(text) <= MAX_ERROR else f"{text[: MAX_ERROR - 1]}…"
    line = _INVISIBLE.sub(lambda match: f"\\x{ord(match[0]):02x}", cut)
    return line if len(line) <= MAX_ERROR else f"{line[: MAX_ERROR - 1]}…"


def from_response(response: HttpResponse) -> dict[str, Any]:
    """Return the evidence of an HTTP answer."""
    return {
        "address": response.address,
        "status_line": one_line(response.status_line),
        "headers": [
            [name[:MAX_VALUE], MASK if SENSITIVE_NAME.search(name) else one_line(value)]
            for name, value in response.header_list[:MAX_HEADERS]
        ],
        "body": readable(response.text()[:MAX_RECEIVED]),
        "redirects": list(response.redirects),
        "certificates": chain(response.chain),
    }


def from_trace(notes: Trace) -> dict[str, Any]:
    """Return the evidence of a probe that got no usable answer."""
    result: dict[str, Any] = {}
    if notes.address:
        result["address"] = notes.address
    if notes.received:
        result["body"] = readable(notes.received.decode("utf-8", "replace"))
    if notes.redirects:
        result["redirects"] = list(notes.redirects)
    if notes.chain:
        result["certificates"] = chain(notes.chain)
    return result


def readable(text: str) -> str:
    """Return text with everything but line breaks and tabs escaped."""
    return _INVISIBLE_BUT_LINES.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def chain(certificates: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return a summary of a certificate chain in PEM, leaf first."""
    return [
        {
            "subject": leaf.subject,
            "issuer": leaf.issuer,
            "valid_from": leaf.valid_from.isoformat(),
            "valid_to": leaf.valid_to.isoformat(),
            "fingerprint_sha256": leaf.fingerprint_sha256,
        }
        for leaf in map(read_pem, list(certificates)[:MAX_CHAIN])
    ]


def secrets_of(schema: type[Schema], config: Mapping[str, Any]) -> list[str]:
    """Return the values in a config that its schema marks as secret."""
    return list(_secrets(schema, config))


def _secrets(schema: type[Schema], config: object) -> Iterable[str]:
    if not isinstance(config, Mapping):
        return  # a config that somebody has broken past the API
    user, password = config.get("username"), config.get("password")
    if isinstance(user, str) and isinstance(password, str):
        yield b64encode(f"{user}:{password}".encode()).decode()  # as basic authentication sends it
    for name, field in schema._declared_fields.items():
        value = config.get(name)
        if value is None:
            continue
        kind = field.metadata.get("secret")
        if kind == "headers" and isinstance(value, Mapping):
            yield from _sensitive_headers(value)
        elif kind and isinstance(value, str) and len(value) >= MIN_SECRET:
            yield value
        elif isinstance(field, fields.Nested):
            yield from _secrets(type(field.schema), value)
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            for item in value if isinstance(value, list) else ():
                yield from _secrets(type(field.inner.schema), item)


def _sensitive_headers(headers: Mapping[str, str]) -> Iterable[str]:
    for name, value in headers.items():
        if not isinstance(value, str):
            continue
        if SENSITIVE_NAME.search(name) and len(value) >= MIN_SECRET:
            yield value
            scheme, _, credential = value.partition(" ")
            if len(credential) >= MIN_SECRET and scheme.isalpha():
                yield credential
