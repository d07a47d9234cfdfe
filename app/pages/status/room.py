"""Room for what was said of incidents: no public answer grows with whatever somebody writes."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Text = TypeVar("Text", bound=str)

# Characters of HTML. An overview tells much in full, and leaves the rest to pages of their own.
OVERVIEW, FEED = 40_000, 300_000
# Characters of Markdown: of one page of an incident, of a file.
WHOLE, FILE = 50_000, 500_000
ENTRIES = 50  # incidents or maintenance on one page
EVENTS = 200  # in a calendar
EARLIER_UPDATES = 10  # of an incident on a page of several
UPDATES = 50  # on a page of an incident
FILE_UPDATES = 100  # of an incident in a file
NAMES = 50  # of services behind one incident


class Room:
    """Room that is left in an answer, in characters; what does not fit is left out."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, text: str) -> bool:
        """Say whether a text fits, and then take its room."""
        if len(text) > self._left:
            return False
        self._left -= len(text)
        return True

    def take_made(self, source: str, make: Callable[[str], Text]) -> Text | None:
        """Return what is made of a source where that fits, and take its room; else None.

        What was made in vain takes room too: so is the work bounded.
        """
        if len(source) > self._left:
            return None
        made = make(source)
        fits = len(made) <= self._left
        self._left -= len(made) if fits else len(source)
        return made if fits else None


def portions(texts: Sequence[str], most: int, characters: int) -> list[tuple[int, int]]:
    """Return (begin, end) of portions of texts, in order; a text that is larger is one of its own.

    There is at least one, which may be empty.
    """
    found, begin, left = [], 0, characters
    for place, text in enumerate(texts):
        if place > begin and (place - begin >= most or len(text) > left):
            found.append((begin, place))
            begin, left = place, characters
        left -= len(text)
    return [*found, (begin, len(texts))]
