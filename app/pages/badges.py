"""A badge as SVG, in the flat form that readers of readmes know."""

from unicodedata import category, east_asian_width

from app.domain.checks.badges import Badge, BadgeTone
from app.pages.xml_text import escaped

_COLOURS = {
    BadgeTone.GOOD: "#2e7d32",
    BadgeTone.FAIR: "#b26a00",
    BadgeTone.BAD: "#c62828",
    BadgeTone.NONE: "#5f6368",
}
# Text without a frame: dark on light grounds, light on dark ones.
_PLAIN = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" \
aria-label="{label}: {value}"><title>{label}: {value}</title>\
<style>text{{fill:#24292f}}circle{{fill:{colour}}}@media(prefers-color-scheme:dark)\
{{text{{fill:#e6edf3}}}}</style>\
<circle cx="8" cy="10" r="5"/><g font-family="Verdana,Geneva,DejaVu Sans,sans-serif" \
font-size="11"><text x="{label_x}" y="14" textLength="{label_width}" \
lengthAdjust="spacingAndGlyphs">{label}</text><text x="{value_x}" y="14" \
textLength="{value_width}" lengthAdjust="spacingAndGlyphs" font-weight="bold">{value}</text>\
</g></svg>
"""
_MAX_LETTERS = 60
_PADDING = 6
_LETTER = 6.6  # of Verdana at 11 px, on average; `textLength` makes the text fit for sure
_SQUARE = 11.5  # of Chinese, Japanese, Korean and of pictures
_NARROW, _WIDE = "ijl.,:;|!' fIrt", "mwMW@%"

_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" \
aria-label="{label}: {value}"><title>{label}: {value}</title>\
<rect width="{width}" height="20" rx="3" fill="#3c4043"/>\
<path fill="{colour}" d="M{split} 0h{rest}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{rest}z"/>\
<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">\
<text x="{label_x}" y="14" textLength="{label_width}" lengthAdjust="spacingAndGlyphs">{label}\
</text><text x="{value_x}" y="14" textLength="{value_width}" lengthAdjust="spacingAndGlyphs">\
{value}</text></g></svg>
"""


def svg(badge: Badge, style: str = "flat") -> str:
    """Return the badge, `flat` or `plain`; text is escaped, and cut where it is too long."""
    label, value = _cut(badge.label), _cut(badge.value)
    label_width, value_width = _width(label), _width(value)
    split = label_width + 2 * _PADDING
    width = split + value_width + 2 * _PADDING
    if style == "plain":
        return _PLAIN.format(
            width=width + 14,
            colour=_COLOURS[badge.tone],
            label=escaped(label),
            value=escaped(value),
            label_x=18,
            value_x=label_width + 26,
            label_width=label_width,
            value_width=value_width,
        )
    return _SVG.format(
        width=width,
        split=split,
        rest=width - split - 3,
        colour=_COLOURS[badge.tone],
        label=escaped(label),
        value=escaped(value),
        label_x=_PADDING,
        value_x=split + _PADDING,
        label_width=label_width,
        value_width=value_width,
    )


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else f"{text[: _MAX_LETTERS - 1]}…"


def _width(text: str) -> int:
    return max(round(sum(map(_letter, text))), 4)


def _letter(letter: str) -> float:
    if letter in _NARROW:
        return 3.9
    if letter in _WIDE:
        return 9.5
    if category(letter) in ("Mn", "Me", "Cf"):
        return 0  # a mark of the letter before it
    return _SQUARE if east_asian_width(letter) in ("W", "F") else _LETTER
