"""Fixed sentences of status pages; what a language lacks is said in English."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.status_pages.languages import de, en, es, fr, it, ja, nl, pl, pt

_CATALOGUES: Mapping[str, Mapping[str, str]] = {
    "de": de.SENTENCES,
    "en": en.SENTENCES,
    "es": es.SENTENCES,
    "fr": fr.SENTENCES,
    "it": it.SENTENCES,
    "ja": ja.SENTENCES,
    "nl": nl.SENTENCES,
    "pl": pl.SENTENCES,
    "pt": pt.SENTENCES,
}
_UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))


def sentence(language: str, key: str, **values: Any) -> str:
    """Return a fixed sentence with its values filled in; the singular `…_1` where count is 1."""
    catalogue = _CATALOGUES.get(language, en.SENTENCES)
    if values.get("count") == 1 and f"{key}_1" in en.SENTENCES:
        key = f"{key}_1"
    return (catalogue.get(key) or en.SENTENCES[key]).format(**values)


def listing(language: str, names: Sequence[str]) -> str:
    """Return names as a sentence lists them."""
    if len(names) < 2:
        return "".join(names)
    pattern = _CATALOGUES.get(language, en.SENTENCES).get("and") or en.SENTENCES["and"]
    return pattern.format(", ".join(names[:-1]), names[-1])


def duration(language: str, seconds: float) -> str:
    """Return a duration in at most two units."""
    left = max(1, round(seconds))
    parts = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(sentence(language, unit, count=count))
        elif parts:
            break
    return " ".join(parts[:2])
