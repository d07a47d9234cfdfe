"""Placeholders, `{{name}}` and `{{secrets.NAME}}`, in texts: replaced so that JSON stays JSON."""

import json
import re
from collections.abc import Callable

_ANY = re.compile(r"\{\{\s*[A-Za-z_][A-Za-z0-9_.]*\s*\}\}", re.ASCII)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

Value = Callable[[re.Match[str]], str]


def fill(text: str, placeholder: re.Pattern[str], value: Value) -> str:
    """Return a text with what `placeholder` matches replaced by its value.

    Within the strings of a JSON document values are escaped as JSON (RFC 8259 7): a password with a
    quotation mark in it stays a password. Everywhere else they stand as they are.
    """
    if not placeholder.search(text):
        return text
    if not _is_json(text):
        return placeholder.sub(value, text)
    done, parts = 0, []
    for string in _STRING.finditer(text):
        parts.append(placeholder.sub(value, text[done : string.start()]))
        parts.append(placeholder.sub(lambda match: _escaped(value(match)), string[0]))
        done = string.end()
    parts.append(placeholder.sub(value, text[done:]))
    return "".join(parts)


def _is_json(text: str) -> bool:
    """Say whether a text is an object or a list, whatever its placeholders stand for."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(_ANY.sub("0", text))
    except (ValueError, RecursionError):
        return False
    return True


def _escaped(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
