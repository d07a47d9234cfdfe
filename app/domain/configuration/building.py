"""A document while it is put together from the export of another monitor."""

from collections.abc import Collection
from typing import Any

from app.domain.configuration.documents import derive_key

MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS, MAX_TIMEOUT_SECONDS = 10, 86_400, 60
MAX_FAILURES = 10


class Building:
    """The objects of a document so far, and the notes about what is not in it."""

    def __init__(self, source: str) -> None:
        # In the keys: what has the same name already is another object, and importing the same
        # export again finds its own.
        self._source = source
        self.document: dict[str, list[dict[str, Any]]] = {}
        self.notes: list[str] = []

    def add(self, kind: str, name: str, fields: dict[str, Any]) -> str:
        """Add an object under a key of its own, and return the key."""
        found = self.document.setdefault(kind, [])
        key = derive_key(f"{self._source} {name}", {item["key"] for item in found})
        present = {field: value for field, value in fields.items() if value is not None}
        found.append({"key": key, "name": name[:200], **present})
        return key

    def note(self, name: str, text: str) -> None:
        """Write down what could not be taken over as it was."""
        self.notes.append(f"{name}: {text}")


def interval(seconds: float) -> int:
    """Return an interval that is possible here, the nearest to the given one."""
    return int(min(max(seconds, MIN_INTERVAL_SECONDS), MAX_INTERVAL_SECONDS))


def timeout(seconds: float, interval_seconds: int) -> int:
    """Return a timeout that is possible here, not above the interval."""
    return int(min(max(round(seconds), 1), MAX_TIMEOUT_SECONDS, interval_seconds))


def tags(names: Collection[Any]) -> list[str]:
    """Return tags that are possible here, each once."""
    return list(dict.fromkeys(str(name).strip()[:50] for name in names if str(name).strip()))[:50]


def period(seconds: int) -> str:
    """Return a schedule for a ping at least this often, in its largest whole unit."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % length == 0:
            return f"every {seconds // length}{unit}"
    return f"every {seconds}s"
