"""Maintenance over changes of the clocks: on pages, in feeds and in calendars."""

from datetime import UTC, datetime
from html import unescape

import feedparser
import pytest
from icalendar import Calendar

from app.pages.status import responses
from app.pages.status.snapshot import Freshness
from tests.pages import scenes


def part(name, zone, begin, end):
    """Return a part of a page of a zone with one maintenance."""
    window = scenes.maintenance("Move", "mw_1", begin - scenes.NOW, 0, "coming") | {"ends_at": end}
    snapshot = scenes.snapshot({}, slug="x", windows=[window], timezone=zone)
    return responses.find(snapshot, name, {}, Freshness.FRESH, "/status/x").body


@pytest.mark.parametrize(
    ("zone", "begin", "end", "page", "feed"),
    [
        # From 01:30 to 04:00 are one hour and a half: 02:00 is 03:00.
        ("Europe/Berlin", "2027-03-28T00:30", "2027-03-28T02:00",
         "28 Mar 2027, 01:30 to 28 Mar 2027, 04:00",
         "28 Mar 2027, 01:30 UTC+01:00 to 28 Mar 2027, 04:00 UTC+02:00"),
        # 02:30 comes twice.
        ("Europe/Berlin", "2027-10-31T00:30", "2027-10-31T01:30",
         "31 Oct 2027, 02:30 UTC+02:00 to 31 Oct 2027, 02:30 UTC+01:00",
         "31 Oct 2027, 02:30 UTC+02:00 to 31 Oct 2027, 02:30 UTC+01:00"),
        # Half an hour, and a midnight that does not exist.
        ("Australia/Lord_Howe", "2027-04-03T14:45", "2027-04-03T15:15",
         "4 Apr 2027, 01:45 UTC+11:00 to 4 Apr 2027, 01:45 UTC+10:30",
         "4 Apr 2027, 01:45 UTC+11:00 to 4 Apr 2027, 01:45 UTC+10:30"),
        ("America/Santiago", "2026-09-06T03:59", "2026-09-06T04:00",
         "5 Sept 2026, 23:59 to 6 Sept 2026, 01:00",
         "5 Sept 2026, 23:59 UTC-04:00 to 6 Sept 2026, 01:00 UTC-03:00"),
        ("UTC", "2027-03-28T00:30", "2027-03-28T02:00",
         "28 Mar 2027, 00:30 to 28 Mar 2027, 02:00",
         "28 Mar 2027, 00:30 UTC to 28 Mar 2027, 02:00 UTC"),
    ],
)  # fmt: skip
def test_both_ends_are_told_apart(zone, begin, end, page, feed):
    begin, end = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (begin, end))
    assert page in text_of(part("maintenance/mw_1", zone, begin, end).decode())
    for name in ("feed.atom", "feed.rss"):
        (entry,) = feedparser.parse(part(name, zone, begin, end)).entries
        assert feed in text_of(entry.content[0].value if "content" in entry else entry.summary)
    for name in ("maintenance.ics", "maintenance/mw_1.ics"):
        (event,) = Calendar.from_ical(part(name, zone, begin, end)).events
        assert (event.start, event.end) == (begin, end)


def text_of(html):
    parts = (piece.partition(">")[2] for piece in f">{html}".split("<"))
    return unescape("".join(parts))
