"""Maintenance in calendars: what was announced and is cancelled is said, and not left out."""

from datetime import timedelta

import feedparser
import icalendar
import pytest

from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import make_window
from tests.status_pages import make_shown


@pytest.fixture
def page(alice):
    page, _ = make_shown(alice, "Checkout")
    return page


def test_a_calendar_takes_a_cancelled_maintenance_out(alice, page, seen):
    begin = utcnow().replace(microsecond=0) + timedelta(days=2)
    times = {"starts_at": timestamp(begin), "ends_at": timestamp(begin + timedelta(hours=1))}
    named = {"status_page_ids": [page["id"]], "name": "Move", "description": "Secret plan."}
    window = make_window(alice, **named, **times)

    def event(path="/maintenance.ics"):
        (found,) = icalendar.Calendar.from_ical(seen(path).data).walk("VEVENT")
        return found

    before = event()
    assert before["status"] == "CONFIRMED"
    assert alice.delete(f"/maintenance-windows/{window['id']}").status_code == 204
    after = event()
    assert (after["status"], after["uid"]) == ("CANCELLED", before["uid"])
    assert after["sequence"] > before["sequence"]
    assert (after.start, after.end) == (before.start, before.end)
    assert str(after["description"]) == ""
    key = str(after["uid"]).partition("@")[0]
    assert event(f"/maintenance/{key}.ics")["status"] == "CANCELLED"
    assert "Cancelled" in seen(f"/maintenance/{key}").text  # the message about it leads here
    assert "Cancelled: Move" in [e.title for e in feedparser.parse(seen("/feed.atom").data).entries]
    assert "Move" not in seen().text
    assert event()["sequence"] == after["sequence"]


def test_a_maintenance_that_comes_after_all_is_newer_than_its_cancellation(alice, page, seen, rows):
    begin = utcnow().replace(microsecond=0) + timedelta(days=2)
    times = {"starts_at": timestamp(begin), "ends_at": timestamp(begin + timedelta(hours=1))}
    window = make_window(alice, status_page_ids=[page["id"]], name="Move", **times)

    def event():
        (found,) = icalendar.Calendar.from_ical(seen("/maintenance.ics").data).walk("VEVENT")
        return found["status"], found["sequence"]

    told = [event()]
    for pages in ([], [page["id"]], []):
        alice.patch(f"/maintenance-windows/{window['id']}", {"status_page_ids": pages})
        # As if the edit had come long before the page was made anew.
        rows("UPDATE maintenance_windows SET updated_at = created_at")
        told.append(event())
    assert [status for status, _ in told] == ["CONFIRMED", "CANCELLED"] * 2
    assert told == sorted(told, key=lambda one: one[1])
    assert len({sequence for _, sequence in told}) == 4
