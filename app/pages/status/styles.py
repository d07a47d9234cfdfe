"""The styles of a page: ours, its owner's colour made readable, and the few rules of its own."""

import hashlib
import json
import re
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.domain.status_pages import branding, custom_css

_FOLDER = Path(__file__).parent


def _squeezed(css: str) -> str:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{}:;,>]) ?", r"\1", css).replace(";}", "}").strip()


def _stripped(script: str) -> str:
    """Return a script without indents and lines that are comments."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


_BASE = _squeezed((_FOLDER / "page.css").read_text(encoding="utf-8"))
BASE = _BASE.encode()
SCRIPT = _stripped((_FOLDER / "page.mjs").read_text(encoding="utf-8")).encode()
_EMBED = _stripped((_FOLDER / "embed.mjs").read_text(encoding="utf-8"))
MODIFIED = datetime.fromtimestamp((_FOLDER / "page.css").stat().st_mtime, UTC)
BASE_HASH = _hash(BASE)
SCRIPT_HASH = _hash(SCRIPT)


def embed_script(address: str) -> bytes:
    """Return the script that shows a banner on somebody's own site while something is wrong."""
    return _EMBED.replace('"$PAGE"', json.dumps(address.rstrip("/"))).encode()


def tinted(color: str) -> bytes:
    """Return our styles with a colour, made readable on both grounds."""
    light = branding.readable(color, branding.LIGHT_GROUND)
    dark = branding.readable(color, branding.DARK_GROUND)
    return f"{_BASE}:root{{--a:light-dark({light},{dark})}}".encode()


def style(page: dict[str, Any]) -> bytes:
    """Return our styles with the page's colour, made readable on both grounds."""
    color = page["branding"].get("primary_color")
    return tinted(color) if color else BASE


def custom(page: dict[str, Any]) -> bytes:
    """Return the page's own styles; what is not on the list is left out."""
    try:
        return custom_css.clean(page["custom_css"]).encode()
    except custom_css.StyleError:  # stored under another list
        return b""


def fingerprint(page: dict[str, Any]) -> str:
    """Return what the address of the styles changes with."""
    return _hash(style(page) + custom(page))


def logo(page: dict[str, Any], name: str) -> tuple[bytes, str] | None:
    """Return a logo and its type; None where there is none."""
    found = page["logos"].get(name)
    if not found:
        return None
    head, _, data = found.removeprefix("data:").partition(",")
    return b64decode(data), head.removesuffix(";base64")


def logo_hash(page: dict[str, Any], name: str) -> str | None:
    """Return what the address of a logo changes with; None where there is none."""
    found = page["logos"].get(name)
    return _hash(found.encode()) if found else None
