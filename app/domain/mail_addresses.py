"""Mail addresses: what is one, and which spellings are the same (RFC 5321 4.1.2, UTS 46).

Quoted local parts, comments and address literals are left out: nobody gives those to a form.
"""

import re

from app.domain.checks.endpoints import BadEndpoint, is_address, parse_host

MAX_LENGTH = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
_LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
_LOCAL_PART = re.compile(rf"{_LOCAL}\Z")
# What a JSON schema can say: that the domain is one, in whatever alphabet, it cannot.
PATTERN = rf"^{_LOCAL}@[^\s@\x00-\x1f\x7f-\x9f]+$"


def parse_mail_address(text: str) -> str:
    """Return an address with its domain in lower-case ASCII, without a final dot.

    Raises ValueError for what is none.
    """
    local, _, domain = text.rpartition("@")
    try:
        host = parse_host(domain)
    except BadEndpoint:
        host = ""
    address = f"{local}@{host}"
    if not _LOCAL_PART.match(local) or not host or is_address(host) or len(address) > MAX_LENGTH:
        raise ValueError("Not a mail address.")
    return address


def same_address(text: str) -> str:
    """Return the one form of all spellings of an address, as accounts are found by it.

    Case makes no difference in addresses as people type them, nor does the alphabet in which a
    domain is written. What is no address is folded alike, and is nobody's.
    """
    text = text.strip()
    try:
        return parse_mail_address(text).lower()
    except ValueError:
        # A letter that is none of ASCII may become one: the sign of the Kelvin has a small k.
        return text.lower() if text.isascii() else text
