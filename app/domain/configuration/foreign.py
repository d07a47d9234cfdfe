"""Exports of other monitors turned into a document: what can be taken over, and what cannot.

Sources: Uptime Kuma 1.x, `Settings › Backup › Export` (JSON; 2.x has none, but the same fields in
its database); Gatus, README "Configuration"; Healthchecks, "Management API", GET /api/v3/checks/.
"""

from typing import Any

from app.domain.configuration import gatus, healthchecks, uptime_kuma
from app.domain.configuration.documents import VERSION
from app.domain.configuration.text import TextError, read

SOURCES = ("uptime_kuma", "gatus", "healthchecks")
_CONVERTERS = {
    "uptime_kuma": uptime_kuma.convert,
    "gatus": gatus.convert,
    "healthchecks": healthchecks.convert,
}


# What values raise that no export has: of another kind, beyond reason, nested without end.
_NO_EXPORT = (TypeError, KeyError, AttributeError, ValueError, OverflowError, RecursionError)


class ForeignError(ValueError):
    """A text that is not an export of this monitor; the message says why."""


def convert(source: str, body: bytes) -> tuple[dict[str, Any], list[str]]:
    """Return the document of an export, and a note for each thing that was left out or changed.

    Raises ForeignError.
    """
    try:
        exported = read(body)
    except TextError as error:
        raise ForeignError(str(error)) from None
    try:
        document, notes = _CONVERTERS[source](exported)
    except _NO_EXPORT:
        raise ForeignError("this does not look like such an export") from None
    return {"version": VERSION, **document}, notes
