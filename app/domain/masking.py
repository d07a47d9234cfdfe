"""Masking: what is secret by its name, and texts without the secrets that they repeat.

A receiver may echo what it was sent in another form, so a secret is looked for as it is, escaped as
JSON, HTML and URLs have it, and in base64 (once or twice) and base32, wherever it may begin within
the encoded bytes.
"""

import html
import json
import quopri
import re
from base64 import b32encode, b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

MASK = "********"
MIN_SECRET = 4  # shorter values would blank out half of every text
_MIN_LINE = 16  # of a secret of several lines, each that is this long
# The one list of names: what is sealed under them is also masked under them.
SENSITIVE_NAME = re.compile(
    r"authorization|cookie|token|secret|password|passwd|credential|session|signature|api[-_]?key"
    r"|auth[-_]?key|access[-_]?key|private[-_]?key",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,19}")  # Basic, Bearer, Token, ApiKey, GenieKey, ...
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token of RFC 9110
_MIN_PART = 8
_CUT = "…"  # what stands where a text was cut
_HTML_IN_JSON = re.compile("[<>&'\u2028\u2029]")
_HEX = re.compile("%[0-9A-F]{2}")


def needles(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return every form of the secrets that `mask` looks for, longest first."""
    found = {form for secret in set(secrets) for form in _forms(secret)}
    return tuple(sorted(found, key=len, reverse=True))


@lru_cache(maxsize=4096)
def _forms(secret: str) -> frozenset[str]:
    stripped = secret.strip()
    if len(stripped) < MIN_SECRET:
        return frozenset()
    forms = {secret, stripped, *_parts(stripped)}
    forms.update(line.strip() for line in secret.splitlines() if len(line.strip()) >= _MIN_LINE)
    for plain in tuple(forms):
        forms.update(_escaped(plain))
        safe = plain.encode("utf-8", "surrogatepass")
        within = {safe, *(written.encode() for written in _in_documents(plain))}
        for each in within:
            forms.update(_base64(each))
        forms.update(_base64(b64encode(safe)))
        forms.update(_base32(safe))
    return frozenset(form for form in forms if len(form) >= MIN_SECRET)


def _parts(secret: str) -> Iterable[str]:
    """Yield what is secret in a secret that also says what it is: a header, cookies, an address."""
    scheme, _, credentials = secret.partition(" ")
    if credentials and _SCHEME.fullmatch(scheme):
        yield credentials.strip()
        if scheme.lower() == "basic":
            yield from _basic(credentials.strip())
    for cookie in secret.split(";"):
        name, separator, value = cookie.strip().partition("=")
        if separator and _COOKIE_NAME.fullmatch(name) and len(value) >= _MIN_PART:
            yield value.strip('"')
    if "://" in secret:
        yield from _url_parts(secret)


def _basic(credentials: str) -> Iterable[str]:
    try:
        pair = b64decode(credentials, validate=True).decode()
    except ValueError:
        return
    yield pair
    yield pair.partition(":")[2]


def _url_parts(url: str) -> Iterable[str]:
    try:
        parts = urlsplit(url)
        given = [parts.password or "", f"{parts.username}:{parts.password}"]
    except ValueError:
        return
    if parts.password:
        yield from given
        yield from map(unquote, given)
    for _, value in parse_qsl(parts.query):
        if len(value) >= _MIN_PART:
            yield value
    for segment in parts.path.split("/"):
        if len(segment) >= _MIN_LINE:
            yield segment


def _escaped(plain: str) -> Iterable[str]:
    safe = plain.encode("utf-8", "surrogatepass")
    for encoded in (quote(safe, safe=""), quote(safe, safe="/"), quote_plus(safe)):
        yield encoded
        yield _HEX.sub(lambda match: match[0].lower(), encoded)
        yield quote(encoded, safe="")  # of an address within an address
    for as_ascii in (True, False):
        written = json.dumps(plain, ensure_ascii=as_ascii)[1:-1]
        yield written
        yield written.replace("/", "\\/")
        # Encoders whose JSON may stand in HTML: Go's, and those of several frameworks.
        yield _HTML_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", written)
        yield _HTML_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04X}", written)
        yield json.dumps(written, ensure_ascii=as_ascii)[1:-1]  # JSON within JSON
    yield html.escape(plain)
    yield html.escape(plain, quote=False)
    yield html.escape(plain).replace("&#x27;", "&#39;")
    yield html.escape(plain).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    yield html.escape(plain).replace("&#x27;", "&apos;")
    yield from _character_references(plain)
    for form in ("%{:02x}", "%{:02X}"):  # of every byte
        yield "".join(map(form.format, safe))
    for form in ("\\u{:04x}", "\\u{:04X}"):  # of every character, as JavaScript has it
        yield "".join(form.format(ord(character)) for character in plain)
    yield repr(plain)[1:-1]
    yield quopri.encodestring(safe).decode().replace("=\n", "")
    yield re.sub(r"[\x00-\x1f]", lambda match: f"\\x{ord(match[0]):02x}", plain)
    yield safe.hex()
    yield safe.hex().upper()


def _character_references(plain: str) -> Iterable[str]:
    """Yield the secret with numbers for characters that `html.escape` leaves: Mustache's and
    Handlebars' few, all but letters and digits (OWASP ESAPI), and every one."""
    few = html.escape(plain).replace("=", "&#x3D;").replace("`", "&#x60;")
    yield few
    yield few.replace("&#x27;", "&#39;").replace("/", "&#x2F;")
    for form in ("&#{};", "&#x{:x};", "&#x{:X};"):
        numbers = [form.format(ord(character)) for character in plain]
        yield "".join(numbers)
        yield "".join(
            character if character.isascii() and character.isalnum() else number
            for character, number in zip(plain, numbers, strict=True)
        )


def _in_documents(plain: str) -> Iterable[str]:
    """Yield the secret as documents have it that travel in base64: JSON (as in a JWT), a form."""
    for as_ascii in (True, False):
        yield json.dumps(plain.encode("utf-8", "replace").decode(), ensure_ascii=as_ascii)[1:-1]
    yield quote_plus(plain.encode("utf-8", "surrogatepass"))


def _base64(plain: bytes) -> Iterable[str]:
    """Yield the secret in base64, also as the signs of it are escaped in JSON and in addresses."""
    for encoded in _plain_base64(plain):
        yield encoded
        if not encoded.isalnum():
            yield encoded.replace("/", "\\/")
            yield quote(encoded, safe="")
            yield _HEX.sub(lambda match: match[0].lower(), quote(encoded, safe=""))


def _plain_base64(plain: bytes) -> Iterable[str]:
    """Yield the secret in base64: alone, and the part that is its own inside something longer."""
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(plain).decode()
        yield encode(plain).decode().rstrip("=")
        if len(plain) < 8:
            continue  # its inner part would be too short to be told from chance
        for offset in range(3):
            whole = encode(b"\0" * offset + plain).decode().rstrip("=")
            # The first and last characters mix in bits of the neighbours.
            first = (0, 2, 3)[offset]
            last = len(whole) - (1 if (offset + len(plain)) % 3 else 0)
            yield whole[first:last]


def _base32(plain: bytes) -> Iterable[str]:
    """Yield the secret in base32 (RFC 4648 6) in both cases, as `_base64` does."""
    for offset in range(5) if len(plain) >= 8 else (0,):
        whole = b32encode(b"\0" * offset + plain).decode().rstrip("=")
        first = -(-8 * offset // 5)  # five bits a character
        last = 8 * (offset + len(plain)) // 5
        for form in (whole[first:last], whole[first:] if not offset else ""):
            yield form
            yield form.lower()


def hider(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that takes the secrets out of a text, in each of their forms."""
    forms = needles(secrets)
    return lambda text: _mask_text(text, forms)


def mask(value: Any, forms: Sequence[str]) -> Any:
    """Return a text, or a structure of texts, without the forms that `needles` has made.

    What was cut in the middle of a secret does not end with the first half of it.
    """
    if not forms:
        return value
    if isinstance(value, str):
        return _mask_text(value, forms)
    if isinstance(value, Mapping):
        return {_mask_key(key, forms): mask(item, forms) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item, forms) for item in value]
    return value


def _mask_key(key: Any, forms: Sequence[str]) -> Any:
    return _mask_text(key, forms) if isinstance(key, str) else key


def _mask_text(text: str, forms: Sequence[str]) -> str:
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    return _without_torn_end(text, forms)


def _without_torn_end(text: str, forms: Sequence[str]) -> str:
    """Return a text without the beginnings of secrets at its end, and before each sign of a cut.

    A sentence goes on after a value that was cut: `token is "abc…, expected "x"`.
    """
    body = text.rstrip(_CUT)
    if len(body) < MIN_SECRET:
        return text
    if _CUT in body:
        *cut, rest = body.split(_CUT)
        pieces = [*(_without_torn_end(piece, forms) for piece in cut), rest]
        body = _CUT.join(pieces)
        text = body + text[len(text.rstrip(_CUT)) :]
    for form in forms:
        begin = form[:MIN_SECRET]
        at = body.find(begin, max(0, len(body) - len(form) + 1))
        while at >= 0:
            if form.startswith(body[at:]):
                return body[:at] + MASK
            at = body.find(begin, at + 1)
    return text
