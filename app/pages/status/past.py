"""The last days of a page: the incidents of each, and runs of days without any."""

from datetime import date, timedelta
from typing import Any

from app.pages.status import room
from app.pages.status.view import View

_DAYS = 14


def days(view: View) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the last days, newest first: one with its incidents, or a run of quiet ones.

    They end where there are too many incidents for one page.
    """
    today = view.on(view.made_at)
    by_day: dict[date, list[dict[str, Any]]] = {}
    past = view.snapshot.data["past_incidents"]
    for incident in past[: room.ENTRIES]:
        by_day.setdefault(view.on(incident["started_at"]), []).append(incident)
    result: list[tuple[str, list[dict[str, Any]]]] = []
    quiet: list[date] = []
    troubled = _days_of_incidents(view, today)
    for back in range(_DAYS + 1):
        on = today - timedelta(days=back)
        if back < _DAYS and on not in troubled:
            quiet.append(on)
            continue
        if quiet:
            result.append((_run(view, quiet), []))
            quiet = []
        if back < _DAYS and on in by_day:
            result.append((view.day(on), by_day.pop(on)))
        if not by_day and len(past) > room.ENTRIES:
            break  # what came before is in the history
    return result


def _days_of_incidents(view: View, today: date) -> set[date]:
    """Return those of the last days on which an incident was open, also one that is still."""
    first = today - timedelta(days=_DAYS)
    result: set[date] = set()
    for one in view.snapshot.incidents():
        on = max(first, view.on(one["started_at"]))
        last = view.on(one["resolved_at"] or view.made_at)
        while on <= last:
            result.add(on)
            on += timedelta(days=1)
    return result


def _run(view: View, quiet: list[date]) -> str:
    if len(quiet) == 1:
        return view.day(quiet[0])
    return f"{view.day(quiet[-1])} – {view.day(quiet[0])}"
