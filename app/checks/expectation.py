"""Wait for a reply that holds what is expected; shared by the checks that `send` and `expect`."""

import asyncio
import re

from app.checks.base import CheckFailed
from app.domain.checks.assertions import shown
from app.domain.checks.patterns import PatternTooSlow, TimeBudget
from app.domain.types import FailureKind
from app.network.errors import from_exception
from app.network.trace import trace
from app.platform.clock import thread_seconds

MAX_REPLY = 64 * 1024
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rnt0\\]))")
_ESCAPED = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


def raw_bytes(text: str) -> bytes:
    r"""Return text as UTF-8 with \r, \n, \t, \0, \\ and \xNN turned into what they name."""
    pieces: list[bytes] = []
    end = 0
    for match in _ESCAPE.finditer(text):
        pieces.append(text[end : match.start()].encode())
        pieces.append(bytes.fromhex(match[1]) if match[1] else _ESCAPED[match[2]])
        end = match.end()
    pieces.append(text[end:].encode())
    return b"".join(pieces)


def matches(reply: bytes, expected: str, budget: TimeBudget) -> bool:
    """Tell whether a reply contains the expected text, or matches it if written /pattern/.

    Raises CheckFailed for a pattern that takes too long.
    """
    written = _as_pattern(expected)
    if written is None:
        return raw_bytes(expected) in reply
    try:
        return budget.search(written, reply.decode("utf-8", "replace")) is not None
    except PatternTooSlow as error:
        sentence = f"nobody can tell whether the reply matches {shown(expected)}: {error}"
        raise CheckFailed(sentence) from None


async def awaited(reader: asyncio.StreamReader, expected: str) -> bytes:
    """Read until the expected text has arrived. Raises CheckFailed, NetworkError."""
    notes = trace()
    notes.stage = f"waiting for {shown(expected)}"
    reply, budget = b"", TimeBudget(thread_seconds)
    while not matches(reply, expected, budget):
        if len(reply) >= MAX_REPLY:
            raise CheckFailed(f"no {shown(expected)} in the first 64 KiB of the reply")
        try:
            data = await reader.read(MAX_REPLY - len(reply))
        except OSError as error:
            raise from_exception(error) from None
        if not data:
            raise _ended(reply, expected)
        notes.note(data)
        reply += data
    return reply


def _ended(reply: bytes, expected: str) -> CheckFailed:
    if not reply:
        sentence = f"the server closed the connection without {shown(expected)}"
        return CheckFailed(sentence, kind=FailureKind.CLOSED)
    return CheckFailed(f"expected {shown(expected)}, got {shown(reply.decode('utf-8', 'replace'))}")


def _as_pattern(expected: str) -> str | None:
    if len(expected) > 2 and expected.startswith("/") and expected.endswith("/"):
        return expected[1:-1]
    return None
