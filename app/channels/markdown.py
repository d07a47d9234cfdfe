"""Text from outside made literal for chats that read Markdown."""

import re
from collections.abc import Callable

_URL = re.compile(r"(https?://[^\s<>]+)")
_MARKS = re.compile(r"([\\`*_{}\[\]()#~|<>])")
_MENTION = re.compile(r"@(?=\w)")
_ZERO_WIDTH_SPACE = "\u200b"


def literal(text: str) -> str:
    """Return text with every mark behind a backslash; addresses keep working."""
    return _outside_addresses(text, lambda part: _MARKS.sub(r"\\\1", part))


def without_mentions(text: str) -> str:
    """Return text in which no `@name` calls anybody: an invisible space parts sign and name."""
    return _MENTION.sub(f"@{_ZERO_WIDTH_SPACE}", text)


def link(label: str, address: str) -> str:
    """Return a link; brackets in the address are encoded, so that it ends where it should."""
    safe = address.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{literal(label)}]({safe})"


def _outside_addresses(text: str, change: Callable[[str], str]) -> str:
    parts = _URL.split(text)
    return "".join(part if index % 2 else change(part) for index, part in enumerate(parts))
