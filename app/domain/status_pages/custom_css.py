"""Styles of a page's own: a list of properties on our classes, and nothing that loads or hides."""

import re

# What may be styled, by names that stay, and the selectors of our templates that they stand for;
# the verdict is not among them.
CLASSES = {
    "announcement": ".announcement",
    "bars": ".l svg",
    "brand": ".brand",
    "button": ".button",
    "day": ".past h3",
    "foot": ".foot",
    "head": ".head",
    "incident": ".incident",
    "maintenance": ".maintenance",
    "past": ".past",
    "section": ".section",
    "service": ".l li",
}
PROPERTIES = frozenset((
    "background-color", "border", "border-color", "border-radius", "border-style", "border-width",
    "color", "font-family", "font-size", "font-style", "font-weight", "letter-spacing",
    "line-height", "margin", "margin-block", "margin-bottom", "margin-inline", "margin-top",
    "padding", "padding-block", "padding-inline", "text-align", "text-decoration",
    "text-transform",
))  # fmt: skip
_SELECTOR = re.compile(r"\.([a-z]+)(:hover|:focus-visible)?")
_VALUE = re.compile(r"[-a-zA-Z0-9#%.,' ]{1,200}")
# Nothing is drawn over something else, or pushed out of sight.
_TOO_FAR = re.compile(r"-[\d.]|\d{4}|(?<![\w.#])[2-9]\d\d(?=[a-z%])")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")  # blanks apart: to read them here costs their cube
_SMALLEST_FONT_PX = 10


class StyleError(ValueError):
    """A style that is not allowed; the text says which part."""


def check(css: str) -> None:
    """Raise StyleError for anything beyond the list."""
    clean(css)


def clean(css: str) -> str:
    """Return the styles written anew from the parts that are allowed. Raises StyleError."""
    parts, at = [], 0
    while css[at:].strip():
        rule = _RULE.match(css, at)
        if not rule:
            raise StyleError(f"This is not a rule: {css[at:].strip()[:60]}")
        parts.append(_rule(rule[1], rule[2]))
        at = rule.end()
    return "\n".join(parts)


def _rule(selectors: str, body: str) -> str:
    chosen = []
    for selector in selectors.split(","):
        match = _SELECTOR.fullmatch(selector.strip())
        if not match or match[1] not in CLASSES:
            known = ", ".join(sorted(f".{name}" for name in CLASSES))
            raise StyleError(f"{selector.strip()[:60]} is not one of {known}")
        chosen.append(f"body {CLASSES[match[1]]}{match[2] or ''}")
    lines = [_declaration(line) for line in body.split(";") if line.strip()]
    return f"{', '.join(chosen)} {{{'; '.join(lines)}}}"


def _declaration(line: str) -> str:
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not colon or name not in PROPERTIES:
        raise StyleError(f"The property {name[:60]} is not allowed.")
    if not _VALUE.fullmatch(value) or (name != "font-weight" and _TOO_FAR.search(value)):
        raise StyleError(f"This value of {name} is not allowed: {value[:60]}")
    size = re.fullmatch(r"([\d.]+)px", value)
    if name == "font-size" and (not size or float(size[1]) < _SMALLEST_FONT_PX):
        raise StyleError(f"font-size is in px, at least {_SMALLEST_FONT_PX}px.")
    return f"{name}: {value}"
