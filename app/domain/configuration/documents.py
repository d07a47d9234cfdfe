"""The document of a configuration file: its shape, its keys, and the order of its parts."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from app.domain.accounts.slugs import slugify
from app.domain.configuration.references import referred

VERSION = 1
# In the order in which they are made: what others refer to comes first.
KINDS = (
    "notification_channels",
    "on_call_schedules",
    "escalation_policies",
    "services",
    "alert_rules",
    "heartbeats",
    "status_pages",
    "maintenance_windows",
)
KEY_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,99}$"
_KEY = re.compile(KEY_PATTERN)
MOST_ITEMS = 5_000


class DocumentError(ValueError):
    """A document that is not one: one sentence, and where."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


Items = dict[str, dict[str, dict[str, Any]]]  # by kind, then by key


def read(document: Any) -> Items:
    """Return the items of a document by kind and key. Raises DocumentError."""
    if not isinstance(document, dict):
        raise DocumentError("document", "Must be an object with `version: 1`.")
    unknown = set(document) - {"version", *KINDS}
    if unknown:
        raise DocumentError(min(map(str, unknown)), f"Must be one of: {', '.join(KINDS)}.")
    if document.get("version", VERSION) != VERSION:
        raise DocumentError("version", f"Must be {VERSION}.")
    items: Items = {kind: {} for kind in KINDS}
    for kind in KINDS:
        listed = document.get(kind)
        if listed is None:
            continue
        if not isinstance(listed, list):
            raise DocumentError(kind, "Must be a list.")
        for number, item in enumerate(listed):
            _add(items[kind], f"{kind}.{number}", item)
    if sum(map(len, items.values())) > MOST_ITEMS:
        raise DocumentError("document", f"Must not hold more than {MOST_ITEMS} objects.")
    return items


def _add(found: dict[str, dict[str, Any]], place: str, item: Any) -> None:
    if not isinstance(item, dict):
        raise DocumentError(place, "Must be an object.")
    key = item.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise DocumentError(
            f"{place}.key",
            "Must be 1 to 100 of a-z, 0-9, `.`, `_` and `-`, and begin with a letter or a digit.",
        )
    if key in found:
        raise DocumentError(f"{place}.key", f"There are two objects with the key {key}.")
    found[key] = {name: value for name, value in item.items() if name != "key"}


def derive_key(name: str, taken: Collection[str]) -> str:
    """Return a key for an object of this name that is not among those taken."""
    base = slugify(name, "item")[:90].strip("-") or "item"
    key, number = base, 1
    while key in taken:
        number += 1
        key = f"{base}-{number}"
    return key


def in_order(kind: str, items: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the keys of a kind so that an object comes after those of its kind that it names.

    Raises DocumentError for a circle.
    """
    ordered: list[str] = []
    done: set[str] = set()
    for first in items:
        _visit(kind, first, items, ordered, done)
    return ordered


def _visit(
    kind: str,
    first: str,
    items: Mapping[str, dict[str, Any]],
    ordered: list[str],
    done: set[str],
) -> None:
    # Without recursion: a chain of references may be as long as the document.
    path = [(first, iter(sorted(referred(items[first], kind))))] if first not in done else []
    on_path = {first}
    while path:
        key, needed = path[-1]
        following = next((n for n in needed if n in items and n not in done), None)
        if following is None:
            path.pop()
            on_path.discard(key)
            done.add(key)
            ordered.append(key)
        elif following in on_path:
            raise DocumentError(f"{kind}.{following}", "Refers to itself, directly or not.")
        else:
            on_path.add(following)
            path.append((following, iter(sorted(referred(items[following], kind)))))
