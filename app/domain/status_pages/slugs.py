"""Addresses of pages: which names a page may have, and whose host a request is for."""

import re

import idna

from app.domain.accounts.slugs import MAX_SLUG, slugify

RESERVED = frozenset((
    "api", "assets", "embed", "health", "metrics", "open", "ops", "ping", "preview", "ready",
    "status", "subscriptions",
))  # fmt: skip
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
MAX_DOMAIN = 253


class AddressError(ValueError):
    """A slug or host name that cannot be used; the text says why."""


def derive(name: str) -> str:
    """Return the slug of a page that was given only a name."""
    slug = slugify(name, "page")
    return f"{slug}-page" if slug in RESERVED else slug


def check_slug(slug: str) -> None:
    """Raise AddressError unless a page may have this slug."""
    if len(slug) > MAX_SLUG or not _SLUG.fullmatch(slug):
        raise AddressError(
            f"Lower-case letters, digits and single hyphens, at most {MAX_SLUG} of them."
        )
    if slug in RESERVED:
        raise AddressError("This word is reserved; choose another slug.")


def host_name(given: str) -> str:
    """Return a host name as it is compared: ASCII, lower case, without the final dot.

    Raises AddressError for anything that is not the full name of a host, such as an address.
    """
    text = given.strip().removesuffix(".").lower()
    try:  # as browsers do: UTS 46
        name = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise AddressError("This is not a host name.") from None
    labels = name.split(".")
    if len(name) > MAX_DOMAIN or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise AddressError("Give the full name of a host, such as status.example.com.")
    if labels[-1].isdecimal():
        raise AddressError("Give a name, not an address.")
    return name


def requested_host(header: str) -> str:
    """Return the host of a `Host` header as it is compared; empty for what names none."""
    host = header.rsplit("@", 1)[-1] if "@" in header else header
    if host.startswith("[") or "@" in header:
        return ""
    name, _, port = host.partition(":")
    if port and not port.isdecimal():
        return ""
    return name.removesuffix(".").lower()
