"""The look that a page's owner gives it: a colour made readable, links and logos that are safe."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_DATA_IMAGE = re.compile(
    r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}", re.ASCII
)
_MAX_URL = 2000


def check(branding: Mapping[str, Any]) -> None:
    """Raise ValueError for a known name with a value that cannot be shown."""
    color, company = branding.get("primary_color"), branding.get("company_name")
    if color is not None and not (isinstance(color, str) and _COLOR.fullmatch(color)):
        raise ValueError("primary_color must be a colour like #2563eb.")
    if company is not None and not (isinstance(company, str) and len(company) <= 200):
        raise ValueError("company_name must be a text of at most 200 characters.")
    for name in ("logo_url", "dark_logo_url"):
        value = branding.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or not (_DATA_IMAGE.fullmatch(value) or _is_web(value)):
            raise ValueError(f"{name} must be an http or https address, or a data: image.")


def check_link(address: str) -> None:
    """Raise ValueError unless a link may stand on a page: the web, or a mail address."""
    if address and not _is_web(address) and not re.fullmatch(r"mailto:[^\s<>\"]{3,}", address):
        raise ValueError("Must be an address like https://example.com or mailto:help@example.com.")


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(
            parts.scheme in ("http", "https")
            and parts.hostname
            and len(address) <= _MAX_URL
            and not re.search(r"[\s<>\"'\\]", address)
            and parts.username is None
        )
    except ValueError:
        return False
