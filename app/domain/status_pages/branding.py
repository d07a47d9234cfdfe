"""The look that a page's owner gives it: a colour made readable, links and logos that are safe."""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
LIGHT_GROUND, DARK_GROUND = "#ffffff", "#0f1512"
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_DATA_IMAGE = re.compile(
    r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}", re.ASCII
)
_MAX_URL = 2000
LOGOS = ("logo_url", "dark_logo_url")
MAX_LOGO_BYTES = 200_000
_STEPS = 100


def check(branding: Mapping[str, Any]) -> None:
    """Raise ValueError for a known name with a value that cannot be shown."""
    color, company = branding.get("primary_color"), branding.get("company_name")
    if color is not None and not (isinstance(color, str) and _COLOR.fullmatch(color)):
        raise ValueError("primary_color must be a colour like #2563eb.")
    if company is not None and not (isinstance(company, str) and len(company) <= 200):
        raise ValueError("company_name must be a text of at most 200 characters.")
    for name in LOGOS:
        value = branding.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or not (_DATA_IMAGE.fullmatch(value) or _is_web(value)):
            raise ValueError(f"{name} must be an http or https address, or a data: image.")


def check_link(address: str) -> None:
    """Raise ValueError unless a link may stand on a page: the web, or a mail address."""
    if address and not _is_web(address) and not re.fullmatch(r"mailto:[^\s<>\"]{3,}", address):
        raise ValueError("Must be an address like https://example.com or mailto:help@example.com.")


def image(branding: Mapping[str, Any], name: str, fetched: Mapping[str, Any]) -> str | None:
    """Return a logo as a `data:` address: one that is given as such, or one that was fetched."""
    given = branding.get(name)
    if not isinstance(given, str) or not given:
        return None
    if _DATA_IMAGE.fullmatch(given):
        return given
    found = fetched.get(given, {}).get("data")
    return found if isinstance(found, str) else None


def addresses(branding: Mapping[str, Any]) -> list[str]:
    """Return the addresses of logos that stand elsewhere."""
    given = [branding.get(name) for name in LOGOS]
    return [one for one in given if isinstance(one, str) and _is_web(one)]


def embedded(content_type: str, body: bytes) -> str:
    """Return an image as a `data:` address. Raises ValueError for what is none of ours."""
    kind = content_type.partition(";")[0].strip().lower()
    result = f"data:{kind};base64,{b64encode(body).decode()}"
    if not body or len(body) > MAX_LOGO_BYTES or not _DATA_IMAGE.fullmatch(result):
        raise ValueError(f"not an image of up to {MAX_LOGO_BYTES // 1000} kB: {kind[:60]}")
    return result


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


def readable(color: str, ground: str) -> str:
    """Return the colour itself, or the nearest darker or lighter one that reads on the ground."""
    if contrast(color, ground) >= LEAST_CONTRAST:
        return color.lower() if len(color) == 7 else _hex(_channels(color))
    target = (0, 0, 0) if _luminance(_channels(ground)) > 0.18 else (255, 255, 255)
    start = _channels(color)
    for step in range(1, _STEPS + 1):
        share = step / _STEPS
        mixed = tuple(round(a + (b - a) * share) for a, b in zip(start, target, strict=True))
        result = _hex(mixed)
        if contrast(result, ground) >= LEAST_CONTRAST:
            return result
    return _hex(target)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    low, high = sorted((_luminance(_channels(one)), _luminance(_channels(other))))
    return (high + 0.05) / (low + 0.05)


def _channels(color: str) -> tuple[int, ...]:
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    return tuple(bytes.fromhex(digits))


def _hex(channels: tuple[int, ...]) -> str:
    return "#" + bytes(channels).hex()


def _luminance(channels: tuple[int, ...]) -> float:
    linear = [
        share / 12.92 if (share := channel / 255) <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for channel in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
