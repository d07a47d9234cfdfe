"""Parsers of what people write as an endpoint: hosts, host:port and URLs, and nothing else.

What is accepted here is exactly what is dialled: the parts are taken out once, strictly, and every
check builds its own text from them. Doubtful spellings (127.1, 0x7f000001, user@host, backslashes)
are refused instead of guessed. Sources: RFC 3986, RFC 1123, UTS 46, the WHATWG URL standard.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import category
from urllib.parse import quote

import idna

MAX_ENDPOINT = 2048
MAX_NAME = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_DELEGATED = re.compile(r"[0-9]{1,3}/[0-9]{1,3}\Z")
_NUMBER_LIKE = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029\ud800-\udfff]")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^#]*)(?:#.*)?\Z", re.DOTALL)
_ZONE = re.compile(r"[A-Za-z0-9_.-]{1,15}\Z")
_KEEP_IN_PATH = "/?:@!$&'()*+,;=-._~%[]{}|^`\"<>"
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class BadEndpoint(ValueError):
    """Error of a text that is no endpoint: a sentence that says why."""


@dataclass(frozen=True, slots=True)
class HostPort:
    """A host in ASCII or an address in its usual form, a port, and both as they were written."""

    host: str
    port: int
    text: str


@dataclass(frozen=True, slots=True)
class Url:
    """A URL in parts; `target` is the path with its query, never empty."""

    scheme: str
    host: str
    port: int
    target: str
    text: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Return scheme, host and port: who would receive a credential."""
        return (self.scheme, self.host, self.port)


def bracketed(host: str) -> str:
    """Return a host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def is_address(host: str) -> bool:
    """Tell whether a parsed host is an address, not a name."""
    return ":" in host or host.rpartition(".")[2].isdigit()


@lru_cache(maxsize=20_000)
def parse_host(text: str) -> str:
    """Return a host as lower-case ASCII or a canonical address. Raises BadEndpoint."""
    _refuse_unsafe(text)
    if not text:
        raise BadEndpoint("the host is missing")
    if text.startswith("[") is not text.endswith("]"):
        raise BadEndpoint(f"{_shown(text)} is not a host name")
    if ":" in text or text.startswith("["):
        return _ipv6(text.removeprefix("[").removesuffix("]"))
    host = _ascii(text).lower()
    trimmed = host.removesuffix(".")
    labels = trimmed.split(".")
    if _NUMBER_LIKE.match(labels[-1]):
        return _ipv4(trimmed)
    if len(trimmed) > MAX_NAME or not all(_LABEL.match(label) for label in labels):
        raise BadEndpoint(f"{_shown(text)} is not a host name")
    return trimmed


@lru_cache(maxsize=20_000)
def parse_dns_name(text: str) -> str:
    """Return a name or an address to ask name servers about. Raises BadEndpoint.

    Beside hosts these are the root, wildcards (RFC 4592 2.1.1) and the labels with a slash of
    delegated reverse zones (RFC 2317 4).
    """
    if text == ".":
        return text
    labels = text.removesuffix(".").split(".")
    special = {
        index: label
        for index, label in enumerate(labels)
        if label == "*" or _DELEGATED.match(label)
    }
    if not special:
        return parse_host(text)
    written = ".".join("a" if index in special else label for index, label in enumerate(labels))
    parsed = parse_host(written).split(".")
    name = ".".join(special.get(index, label) for index, label in enumerate(parsed))
    if len(parsed) != len(labels) or len(name) > MAX_NAME:
        raise BadEndpoint(f"{_shown(text)} is not a name that can be looked up")
    return name


@lru_cache(maxsize=20_000)
def parse_host_port(text: str, default_port: int | None = None) -> HostPort:
    """Read `host:port`, or `host` where a default port is known. Raises BadEndpoint."""
    _refuse_unsafe(text)
    if "://" in text:
        raise BadEndpoint("write host:port without a scheme, such as example.com:443")
    if "@" in text:
        raise BadEndpoint("leave user names and passwords out of the endpoint")
    host, port = _split_port(text)
    if port is None and default_port is None:
        raise BadEndpoint("the port is missing: write host:port, such as example.com:443")
    parsed = parse_host(host)
    if port is None:
        return HostPort(parsed, default_port or 0, bracketed(parsed))
    return HostPort(parsed, port, f"{bracketed(parsed)}:{port}")


@lru_cache(maxsize=20_000)
def parse_url(text: str, schemes: tuple[str, ...] = ("http", "https")) -> Url:
    """Read a URL of one of the given schemes. Raises BadEndpoint."""
    _refuse_unsafe(text)
    match = _URL.match(text)
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    if match is None:
        raise BadEndpoint(f"{_shown(text)} is not a URL: it must start with {wanted}")
    scheme, authority, target = match[1].lower(), match[2], match[3]
    if scheme not in schemes:
        raise BadEndpoint(f"{scheme}:// is not supported here: the URL must start with {wanted}")
    if "@" in authority:
        raise BadEndpoint("leave user names and passwords out of the URL; basic_auth holds them")
    written_host, port = _split_port(authority)
    if written_host.startswith("[") and "%" in written_host:
        raise BadEndpoint(
            "a URL cannot name the zone of an IPv6 address; a TCP check can, as [fe80::1%eth0]:443"
        )
    if "%" in written_host:
        raise BadEndpoint("the host of a URL must not be percent-encoded")
    host = parse_host(written_host)
    target = quote(target, safe=_KEEP_IN_PATH)
    written_port = "" if port is None else f":{port}"
    return Url(
        scheme=scheme,
        host=host,
        port=DEFAULT_PORTS[scheme] if port is None else port,
        target=target if target.startswith("/") else f"/{target}",
        text=f"{scheme}://{bracketed(host)}{written_port}{target}",
    )


def percent_encoded(text: str) -> str:
    """Return a part of a URL with what `parse_url` refuses percent-encoded, and nothing else."""
    return _UNSAFE.sub(lambda match: quote(match[0], errors="replace"), text)


def _refuse_unsafe(text: str) -> None:
    if not isinstance(text, str):
        raise BadEndpoint("the endpoint must be text")
    if len(text) > MAX_ENDPOINT:
        raise BadEndpoint(f"the endpoint is longer than {MAX_ENDPOINT} characters")
    if _UNSAFE.search(text):
        raise BadEndpoint("the endpoint contains a space, a backslash or an invisible character")


def _split_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise BadEndpoint(f"{_shown(text)} is not host:port")
        host, port = f"[{host}]", rest[1:] if rest else None
    elif text.count(":") > 1:
        raise BadEndpoint("write an IPv6 address in brackets, such as [2001:db8::1]:443")
    else:
        host, colon, tail = text.partition(":")
        port = tail if colon else None
    if port is None:
        return host, None
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise BadEndpoint(f"the port must be a number from 1 to 65535, not {_shown(port)}")
    return host, int(port)


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        pass
    if (symbols := _with_symbols(text)) is not None:
        return symbols
    try:  # forms such as ①②⑦.⓪.⓪.① fold to an address, which is no internationalised name
        folded = idna.uts46_remap(text)
    except idna.IDNAError:
        folded = text
    if not folded.isascii():
        raise BadEndpoint(f"{_shown(text)} is not a host name")
    return folded


def _with_symbols(text: str) -> str | None:
    """Return a name with emoji as browsers ask for it (UTS 46); None for any other fault.

    IDNA 2008 forbids symbols, but registries sell them. All else in the name must be allowed.
    """
    if not any(category(sign) == "So" for sign in text):
        return None
    try:
        folded = idna.uts46_remap(text)
        idna.encode("".join("a" if category(sign) == "So" else sign for sign in folded))
    except (idna.IDNAError, UnicodeError):
        return None
    labels = (
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
        for label in folded.split(".")
    )
    return ".".join(labels)


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise BadEndpoint(
            f"{_shown(text)} is not a host name or a plain address such as 192.0.2.10"
        ) from None


def _ipv6(text: str) -> str:
    address, percent, zone = text.partition("%")
    try:
        canonical = str(ipaddress.IPv6Address(address))
    except ValueError:
        raise BadEndpoint(f"{_shown(text)} is not an IPv6 address") from None
    if percent and not _ZONE.match(zone):
        raise BadEndpoint(f"{_shown(text)} has an unreadable zone")
    return f"{canonical}%{zone}" if percent else canonical


def _shown(text: str) -> str:
    return f'"{text}"' if len(text) <= 80 else f'"{text[:80]}…"'
