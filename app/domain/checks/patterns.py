"""Patterns of users: RE2, in linear time, and with a bound on what one check may spend on them.

Linear is not cheap: a pattern with large repeat counts takes tens of nanoseconds for each of its
thousands of states and each character, which is half a minute for a megabyte, in one call that
nothing can end.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 1_000
BUDGET_SECONDS = 1.0  # of one check
_FIRST, _GROWTH = 4_096, 4
# Each may hold 1.5 MB of states: two thousand, as there once were, would be 3 GB.
_CACHED = 256


@lru_cache(maxsize=_CACHED)
def pattern(text: str) -> Any:
    """Compile a pattern for linear-time matching. Raises ValueError with a sentence."""
    if len(text) > MAX_PATTERN:
        raise ValueError(f"the pattern is longer than {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 4 << 20
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"the pattern cannot be used: {reason}") from None


class PatternTooSlow(Exception):
    """A pattern took too long to be looked for in the whole of a text; the text says so."""

    def __init__(self, looked_at: int) -> None:
        super().__init__(f"the pattern is too slow to look beyond {looked_at:,} characters")


class Patience:
    """Budget of one check for patterns; `clock` counts seconds of this thread's processor."""

    def __init__(self, clock: Callable[[], float], seconds: float = BUDGET_SECONDS) -> None:
        self._clock = clock
        self._left = seconds

    def search(self, text: str, where: str) -> Any:
        """Return the match of a pattern anywhere in a text, None without. Raises PatternTooSlow.

        Ever larger beginnings are looked at, for as long as the next one can be afforded.
        """
        compiled, size = pattern(text), 0
        while size < len(where):
            wanted = min(len(where), size * _GROWTH or _FIRST)
            if self._left <= 0:
                raise PatternTooSlow(size)
            began = self._clock()
            found = compiled.search(where if wanted == len(where) else where[:wanted])
            took = self._clock() - began
            self._left -= took
            # An end that is only ours may be taken for that of the text, as by $ or \b.
            if found is not None and (wanted == len(where) or found.end() < wanted):
                return found
            size = wanted
            if size < len(where) and took * _GROWTH > self._left:
                raise PatternTooSlow(size)
        return compiled.search(where) if not where else None
