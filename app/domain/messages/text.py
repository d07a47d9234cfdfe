"""Pieces of text for messages: cleaned, cut to a provider's limit, times and durations in words."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from unicodedata import bidirectional, category

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Overrides make "exe.txt" out of "txt.exe". An isolate that is closed on its line turns nothing
# outside it (UAX 9): those that `isolated` has made stay.
_BIDI = re.compile(
    "[\u202a-\u202e\u2066\u2067]|(\u2068[^\u202a-\u202e\u2066-\u2069\n]*\u2069)|[\u2068\u2069]"
)
_JOINER, _LONGEST_LETTER = "\u200d", 32
_RIGHT_TO_LEFT = frozenset(("R", "AL"))
_URL_PASSWORD = re.compile(r"(://)[^/\s@]*@")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def clean(text: object, limit: int = 10_000) -> str:
    """Return text for people: no control characters, no overrides, at most `limit` characters."""
    value = _LINE_BREAKS.sub("\n", str(text or ""))
    value = _SURROGATE.sub("\ufffd", _BIDI.sub(r"\1", _CONTROL.sub("", value)))
    return cut(value.strip(), limit)


def isolated(text: str) -> str:
    """Return a name so that it leaves the words around it where they are, whatever its script.

    Text that runs from left to right stays as it is; other text stands between FSI and PDI (UAX 9).
    """
    if text.startswith("\u2068"):
        return text
    turns = any(bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)
    return f"\u2068{text}\u2069" if turns else text


def one_line(text: object, limit: int = 200) -> str:
    """Return the text on one line, at most `limit` characters long."""
    return cut(" ".join(clean(text).split()), limit)


def without_password(url: object) -> str:
    """Return an endpoint on one line without the user and password that may stand in it."""
    return one_line(_URL_PASSWORD.sub(r"\1", str(url or "")), 500)


def utf16_length(text: str) -> int:
    """Return the length as Telegram and browsers count it."""
    return len(text.encode("utf-16-le")) // 2


def utf8_length(text: str) -> int:
    """Return the length in bytes on the wire."""
    return len(text.encode())


def same(text: str) -> str:
    """Return the text as it is: the escape of a channel that knows no markup."""
    return text


def cut(
    text: str,
    limit: int,
    escape: Callable[[str], str] = same,
    size: Callable[[str], int] = len,
    ellipsis: str = "…",
) -> str:
    """Return the text escaped, and shortened with an ellipsis where it is longer than `limit`.

    The cut is made before escaping, so that it never tears an escape sequence apart.
    """
    whole = escape(text)
    if size(whole) <= limit:
        return whole
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if size(escape(text[:middle] + ellipsis)) <= limit:
            low = middle
        else:
            high = middle - 1
    return escape(text[: _whole(text, low)].rstrip() + ellipsis) if limit > 0 else ""


def both_ends(text: str, most: int) -> str:
    """Return the text without its middle where it is longer than `most` letters.

    For traces: an exception of Python names its cause last, a crash of the interpreter first.
    """
    if len(text) <= most:
        return text
    gap = "\n…\n"
    head = (most - len(gap)) // 2
    return text[:head] + gap + text[len(text) - (most - len(gap) - head) :]


def _whole(text: str, end: int) -> int:
    """Return the end of the last letter that is whole: not torn from its accents or joined signs.

    At most as far back as a letter may reach (UAX 29); beyond it is no letter that anybody reads.
    """
    for at in range(end, max(end - _LONGEST_LETTER, 0), -1):
        if at == len(text) or not (_joins(text[at]) or text[at - 1] == _JOINER):
            flags = 0
            while at - flags > 0 and _is_flag(text[at - flags - 1]):
                flags += 1
            return at - flags % 2 if at < len(text) and _is_flag(text[at]) else at
    return end


def _joins(sign: str) -> bool:
    """Say whether a sign belongs to the one before it: accents, joiners, colours of skin."""
    return category(sign)[0] == "M" or sign == _JOINER or "\U0001f3fb" <= sign <= "\U0001f3ff"


def _is_flag(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def duration(seconds: float) -> str:
    """Return a duration in at most two units, such as `4 min` or `1 h 5 min`."""
    left = max(0, round(seconds))
    for index, (size, unit) in enumerate(_UNITS):
        if left >= size:
            count, rest = divmod(left, size)
            smaller, name = _UNITS[min(index + 1, len(_UNITS) - 1)]
            # Seconds beside minutes are noise once a few minutes have passed.
            extra = rest // smaller if name != unit and not (unit == "min" and count >= 3) else 0
            return f"{count} {unit} {extra} {name}" if extra else f"{count} {unit}"
    return "0 s"


def read_time(value: object) -> datetime | None:
    """Return a time from a row, be it a datetime or RFC 3339 text; None for anything else."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def moment(at: datetime) -> str:
    """Return a time for people, in UTC to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def timestamp(at: datetime) -> str:
    """Return a time for machines (RFC 3339 with `Z`)."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """Return a value of a row as JSON carries it; text keeps every character JSON can hold."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value)
