"""Patterns of users: RE2, in linear time, and with a bound on what one check may spend on them.

Linear is not cheap: a pattern with large repeat counts takes tens of nanoseconds for each of its
thousands of states and each character, which is half a minute for a megabyte, in one call that
nothing can end.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import re2

T = TypeVar("T")
MAX_PATTERN = 1_000
BUDGET_SECONDS = 1.0  # of one check
_FIRST, _GROWTH = 4_096, 4
_BETWEEN_LOOKS = 1_024  # values between two looks at the clock
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


class TooManyValues(Exception):
    """Values took too long to be compared one by one; the text says so."""

    def __init__(self, looked_at: int) -> None:
        super().__init__(f"there are too many values to look beyond {looked_at:,}")


class TimeBudget:
    """Budget of one check for patterns and values.

    `clock` counts seconds of this thread's processor.
    """

    def __init__(self, clock: Callable[[], float], seconds: float = BUDGET_SECONDS) -> None:
        self._clock = clock
        self._left = seconds
        self._counts_from = clock()
        self._depth = 0  # of values within values, whose time is counted once

    def each(self, values: Iterable[T]) -> Iterator[T]:
        """Yield values for as long as looking at them can be afforded. Raises TooManyValues."""
        self._begin()
        self._depth += 1
        try:
            for number, value in enumerate(values):
                if number % _BETWEEN_LOOKS == 0:
                    self._count()
                    if self._left <= 0:
                        raise TooManyValues(number)
                yield value
        finally:
            self._count()
            self._depth -= 1

    def _begin(self) -> None:
        if not self._depth:
            self._counts_from = self._clock()

    def _count(self) -> float:
        """Count the time since it was counted last, and return it."""
        now = self._clock()
        took = now - self._counts_from
        self._left, self._counts_from = self._left - took, now
        return took

    def search(self, text: str, where: str) -> Any:
        """Return the match of a pattern anywhere in a text, None without. Raises PatternTooSlow.

        Ever larger beginnings are looked at, for as long as the next one can be afforded.
        """
        compiled, size = pattern(text), 0
        while size < len(where):
            wanted = min(len(where), size * _GROWTH or _FIRST)
            if self._left <= 0:
                raise PatternTooSlow(size)
            self._begin()
            self._count()
            result = compiled.search(where if wanted == len(where) else where[:wanted])
            took = self._count()
            # An end that is only ours may be taken for that of the text, as by $ or \b.
            if result is not None and (wanted == len(where) or result.end() < wanted):
                return result
            size = wanted
            if size < len(where) and took * _GROWTH > self._left:
                raise PatternTooSlow(size)
        return compiled.search(where) if not where else None
