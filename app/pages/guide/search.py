"""Search of the guide: sections that hold every word, those that name it in a heading first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.pages.guide.book import Chapter, Section

MAX_RESULTS = 30
_WORD = re.compile(r"\w+")
_AROUND = 70  # characters of text before and after the first word found


@dataclass(frozen=True)
class Hit:
    """A section that was found, and a piece of its text around the first word."""

    chapter: Chapter
    section: Section
    excerpt: str


def search(chapters: Iterable[Chapter], query: str) -> list[Hit]:
    """Return sections that hold every word of the query, at most 30, the best first.

    A word also stands for the beginning of a longer one. A heading weighs ten mentions in the text.
    """
    words = [word.casefold() for word in _WORD.findall(query)][:10]
    if not words:
        return []
    scored = [
        (_score(words, f"{chapter.title} {section.title}", section.text), chapter, section)
        for chapter in chapters
        for section in chapter.sections
    ]
    best = sorted((each for each in scored if each[0]), key=lambda each: -each[0])[:MAX_RESULTS]
    return [Hit(chapter, section, _excerpt(section, words)) for _, chapter, section in best]


def _score(words: list[str], heading: str, text: str) -> int:
    total = 0
    for word in words:
        begins = re.compile(rf"\b{re.escape(word)}")
        found = 10 * len(begins.findall(heading.casefold())) + len(begins.findall(text.casefold()))
        if not found:
            return 0
        total += found
    return total


def _excerpt(section: Section, words: list[str]) -> str:
    text = " ".join(section.text.split())
    first = re.search(rf"\b{re.escape(words[0])}", text.casefold())
    middle = first.start() if first else 0
    start, end = max(middle - _AROUND, 0), middle + _AROUND
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"
