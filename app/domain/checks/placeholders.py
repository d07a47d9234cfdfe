"""Placeholders, `{{name}}` and `{{secrets.NAME}}`, in texts: replaced so that JSON stays JSON, a
form a form, and XML XML."""

import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote
from xml.parsers import expat

_ANY = re.compile(r"\{\{\s*[A-Za-z_][A-Za-z0-9_.]*\s*\}\}", re.ASCII)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_FORM = "application/x-www-form-urlencoded"
# A form without its placeholders, as it can be known where nobody says what a body is.
_PAIRS = re.compile(r"[A-Za-z0-9._~%+$!*'(),;:@/?\[\]&=-]*=[A-Za-z0-9._~%+$!*'(),;:@/?\[\]&=-]*")
_PERCENT_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!*'()+-]|%[0-9A-Fa-f]{2})*")

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


def fill_body(
    text: str, placeholder: re.Pattern[str], value: Value, content_type: str | None
) -> str:
    """Return the body of a request of this media type (None: not said) as `fill` does.

    In the pairs of a form values are percent-encoded (WHATWG URL 5.2), in XML they are escaped, but
    for what is so already: a value may come from an address, or be a piece of XML. What is no pair,
    `{{pairs}}`, stays too.
    """
    if not placeholder.search(text) or _is_json(text):
        return fill(text, placeholder, value)
    media = (content_type or "").partition(";")[0].strip().lower()
    rest = _ANY.sub("", text)
    if media == _FORM or (not media and _PAIRS.fullmatch(rest)):
        return "&".join(
            placeholder.sub(lambda match: _in_form(value(match)), pair)
            if "=" in _ANY.sub("", pair)
            else placeholder.sub(value, pair)
            for pair in text.split("&")
        )
    if media.endswith(("/xml", "+xml")) or (not media and rest.lstrip().startswith("<")):
        return placeholder.sub(lambda match: _in_xml(value(match)), text)
    return placeholder.sub(value, text)


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


def _in_form(value: str) -> str:
    if "%" in value and _PERCENT_ENCODED.fullmatch(value):
        return value
    return quote(value, safe="", errors="replace")


def _in_xml(value: str) -> str:
    try:
        expat.ParserCreate().Parse(f"<x>{value}</x>", True)
    except (expat.ExpatError, UnicodeError):
        return html.escape(value).replace("&#x27;", "&apos;")
    # Well-formed as it is; a quotation mark would end an attribute, and is none of a piece of XML.
    return value if "<" in value else value.replace('"', "&quot;").replace("'", "&apos;")
