"""Text for PDFs in any script: which font has which character, and what stands for the rest.

Latin, Greek, Cyrillic, Arabic, Hebrew and more are DejaVu Sans; Chinese, Japanese and Korean are
Droid Sans Fallback. A PDF brings along what it uses of them. What neither has is written in Latin
letters, as `:rocket:` for a picture.
"""

import unicodedata
from collections.abc import Container, Iterable, Iterator
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path

from anyascii import anyascii
from arabic_reshaper import ArabicReshaper
from bidi.algorithm import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
_OTHERS = (FONT, "DroidSansFallbackFull")  # tried in this order
_FOLDER = Path(__file__).with_name("fonts")
_RIGHT_TO_LEFT = ("R", "AL", "AN")
_MOST = 500  # characters; a name has up to 200, one of which may be a sentence in Latin letters
_UNSEEN = ("Mn", "Me", "Sk")
# Marks over and under Arabic letters stay: DejaVu Sans has them.
_RESHAPER = ArabicReshaper({"delete_harakat": False})


def markup(text: str, font: str = FONT) -> str:
    """Return text as the markup of a paragraph in FONT or BOLD, in the order in which it is seen.

    Control characters become spaces, format characters go once they have done what they are for,
    and so do marks and modifiers that no font has. Of what gets very long in Latin letters the
    beginning: a row of a table has to fit on a page.
    """
    text = "".join(" " if unicodedata.category(each) == "Cc" else each for each in text)
    if any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in text):
        text = get_display(_RESHAPER.reshape(text))
    text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    characters(font)
    runs = groupby(text, key=lambda each: _font(each, font))
    written = ((name or font, "".join(run if name else map(_in_latin, run))) for name, run in runs)
    return "".join(_tagged(name, run, font) for name, run in _beginning(written, font))


@cache
def characters(font: str) -> Container[int]:
    """Return which characters a font has; makes it known to reportlab the first time."""
    pdfmetrics.registerFont(TTFont(font, str(_FOLDER / f"{font}.ttf"), shapable=False))
    found: dict[int, int] = pdfmetrics.getFont(font).face.charToGlyph
    return found.keys()


def _font(character: str, font: str) -> str | None:
    """Return the font that has a character; None: none has."""
    at = ord(character)
    return next((name for name in (font, *_OTHERS) if at in characters(name)), None)


def _beginning(runs: Iterable[tuple[str, str]], font: str) -> Iterator[tuple[str, str]]:
    left = _MOST
    for name, text in runs:
        if len(text) > left:
            yield from ((name, text[:left]), (font, "…"))
            return
        left -= len(text)
        yield name, text


def _tagged(name: str, text: str, font: str) -> str:
    return escape(text) if name == font else f'<font name="{name}">{escape(text)}</font>'


def _in_latin(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN:
        return ""
    return anyascii(character) or "?"
