"""Pages that have numbers: the history of a month, and an incident with all that was said."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.pages.status import html, room, times
from app.pages.status.view import View

_MONTHS_IN_NAVIGATION = 10


def history(view: View, query: Mapping[str, str]) -> bytes | None:
    """Return a page of the history of a month; None for one that there is not."""
    today = times.local(view.snapshot.made_at, view.zone).date()
    asked = query.get("month") or f"{today:%Y-%m}"
    try:
        month = date.fromisoformat(f"{asked}-01")
    except ValueError:
        return None
    if not today.year - 20 <= month.year <= today.year + 1:
        return None
    entries = [
        *((one["started_at"], one) for one in view.snapshot.incidents()),
        *((one["starts_at"], one) for one in view.snapshot.maintenance()),
    ]
    shown = [
        one
        for at, one in sorted(entries, key=lambda pair: str(pair[0]), reverse=True)
        if f"{times.local(times.read(at), view.zone):%Y-%m}" == asked
    ]
    number, count = _number(query.get("page", "1")), max(1, -(-len(shown) // room.ENTRIES))
    if number is None or number > count:
        return None
    older, newer = _neighbours(view, month)
    if number < count:
        older = _path(view, month, number + 1)
    if number > 1:
        newer = _path(view, month, number - 1)
    language = view.snapshot.language
    return html.render(
        "history",
        view,
        month=asked,
        title=f"{view.say('history')}: {times.month(month, language)}",
        number=number,
        entries=shown[(number - 1) * room.ENTRIES : number * room.ENTRIES],
        months=[
            (f"{one:%Y-%m}", times.month(one, language), _path(view, one))
            for one in _latest_months(view)
        ],
        older=older,
        newer=newer,
    )


def months(view: View) -> list[str]:
    """Return the months of which a copy has the history, newest first.

    Those that the navigation names, and before them those in which something began.
    """
    return [f"{one:%Y-%m}" for one in _told_months(view)]


def _path(view: View, month: date, number: int = 1) -> str:
    """Return the path of a page of the history of a month; a copy has a file of each."""
    if view.is_copy:
        return f"/history/{month:%Y-%m}" + (f"/{number}" if number > 1 else "")
    return f"/history?month={month:%Y-%m}" + (f"&page={number}" if number > 1 else "")


def _told_months(view: View) -> list[date]:
    incidents, windows = view.snapshot.incidents(), view.snapshot.maintenance()
    begins = [*(one["started_at"] for one in incidents), *(one["starts_at"] for one in windows)]
    told = {view.on(at).replace(day=1) for at in begins}
    return sorted(told.union(_latest_months(view)), reverse=True)


def _latest_months(view: View) -> list[date]:
    this_month = view.on(view.made_at).replace(day=1)
    return [_back(this_month, back) for back in range(_MONTHS_IN_NAVIGATION)]


def _neighbours(view: View, month: date) -> tuple[str | None, str | None]:
    """Return the paths of an earlier and a later month; None where there is none."""
    if view.is_copy:
        told = _told_months(view)
        earlier = [one for one in told if one < month][:1]
        later = [one for one in told if one > month][-1:]
    else:
        earlier = [_back(month, 1)]
        later = [_back(month, -1)] if month < _latest_months(view)[0] else []
    older, newer = ([_path(view, at) for at in one] for one in (earlier, later))
    return next(iter(older), None), next(iter(newer), None)


def incident(view: View, rest: str) -> bytes | None:
    """Return the page of an incident by its key, or behind a further stroke a page of its earlier
    updates; None for one that there is not."""
    key, stroke, text = rest.partition("/")
    one, number = entry_of(view.snapshot.incidents(), key), _number(text) if stroke else 1
    if one is None or number is None or (stroke and number == 1):
        return None
    bodies = [update["body"] for update in one["updates"]]
    portions = room.portions(bodies, room.UPDATES, room.WHOLE)
    if number > len(portions):
        return None
    begin, end = portions[number - 1]
    updates = [
        {**update, "html": view.markdown(update["body"])} for update in one["updates"][begin:end]
    ]
    return html.render(
        "incident", view, one=one, updates=updates, number=number, count=len(portions)
    )


def entry_of(entries: Iterable[dict[str, Any]], key: str) -> dict[str, Any] | None:
    """Return the incident or maintenance with a key."""
    return next((one for one in entries if one["key"] == key), None)


def _number(text: str) -> int | None:
    """Return the number of a page, 1 for the first; None for what is none."""
    return int(text) if re.fullmatch(r"[1-9]\d{0,5}", text, re.ASCII) else None


def _back(month: date, count: int) -> date:
    place = month.year * 12 + month.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)
