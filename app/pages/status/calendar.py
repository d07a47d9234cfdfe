"""Maintenance as an iCalendar file (RFC 5545)."""

from datetime import UTC, datetime
from typing import Any

from icalendar import Calendar, Event

from app.domain.messages.text import clean
from app.domain.status_pages.maintenance import MaintenanceState
from app.pages.status import room, times
from app.pages.status.view import View

_SEQUENCES_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def of_page(view: View) -> bytes:
    """Return what runs and what is coming, and what was to come and was cancelled."""
    data = view.snapshot.data
    off = [one for one in data["cancelled"] if times.read(one["ends_at"]) > view.snapshot.made_at]
    return _calendar(view, [*data["maintenance"], *off])


def of_one(view: View, entry: dict[str, Any]) -> bytes:
    """Return one maintenance."""
    return _calendar(view, [entry])


def _calendar(view: View, entries: list[dict[str, Any]]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//AlertifyPro//Status page//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _line(view.page["name"]))
    for entry in entries[: room.EVENTS]:
        event = Event()
        event.add("uid", f"{entry['key']}@alertifypro")
        event.add("dtstamp", times.read(entry["updated_at"]))
        event.add("last-modified", times.read(entry["updated_at"]))
        # Some programs take a moved event only with a higher number (RFC 5545, 3.8.7.4).
        changed = times.read(entry["updated_at"]) - _SEQUENCES_SINCE
        event.add("sequence", max(0, int(changed.total_seconds())))
        # What is left out without a word stays in the calendars of many programs for ever.
        is_off = entry["state"] == MaintenanceState.CANCELLED
        event.add("status", "CANCELLED" if is_off else "CONFIRMED")
        event.add("dtstart", times.read(entry["starts_at"]))
        event.add("dtend", times.read(entry["ends_at"]))
        event.add("summary", _line(f"{view.page['name']}: {entry['title']}"))
        names = ", ".join(name for _, name, _ in view.names(entry))
        text = [entry["description"], view.say("affected", names=names) if names else ""]
        event.add("description", clean("\n\n".join(part for part in text if part)))
        event.add("url", f"{str(view.page['url']).rstrip('/')}/maintenance/{entry['key']}")
        calendar.add_component(event)
    result: bytes = calendar.to_ical()
    return result


def _line(text: str) -> str:
    return clean(text).replace("\n", " ")
