"""Short names for addresses, made from names that people chose."""

import re
import unicodedata

MAX_SLUG = 60
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_APOSTROPHES = re.compile(r"['’]")


def slugify(name: str, fallback: str) -> str:
    """Return a name in lower-case letters, digits and single hyphens, at most 60 characters.

    A name without any Latin letter or digit gives the fallback.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _SEPARATORS.sub("-", _APOSTROPHES.sub("", plain)).strip("-")
    return slug[:MAX_SLUG].rstrip("-") or fallback
