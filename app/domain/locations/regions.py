"""Regions of locations: names that begin with `loc-`, which nobody else may use."""

from app.domain.accounts.slugs import slugify

PREFIX = "loc-"
_LONGEST = 30  # of a region
_SUFFIX = 6


def region_of(name: str, random: str) -> str:
    """Return the region of a new location: its name in lower case and a random part.

    Without the random part the second organization with an "Office" would learn of the first.
    """
    suffix = random[:_SUFFIX]
    room = _LONGEST - len(PREFIX) - len(suffix) - 1
    return f"{PREFIX}{slugify(name, 'place')[:room].strip('-')}-{suffix}"


def is_location(region: str) -> bool:
    """Say whether a region is that of a location, and not one of workers beside the database."""
    return region.startswith(PREFIX)
