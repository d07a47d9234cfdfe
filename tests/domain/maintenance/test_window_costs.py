"""What a window costs that comes rarely: it is asked for by every list, page and worker."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from time import process_time

import pytest

from app.domain.maintenance import recurrence_expand, recurrence_parse, windows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RARE = [
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=3;BYDAY=MO",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
]


@pytest.mark.parametrize("text", RARE)
def test_periods_that_cannot_match_are_skipped(text):
    """One by one, an hourly rule has 43,000 of them."""
    rule, first = recurrence_parse.parse(text, "UTC"), datetime.fromisoformat("2026-03-01T03:00")
    began = process_time()
    for days in range(100):
        list(islice(recurrence_expand.starts(rule, first, first + timedelta(days=days)), 1))
    assert process_time() - began < 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=HOURLY;INTERVAL=5;BYMONTH=2,4;BYMONTHDAY=29,30", ["2026-04-29T01", "2026-04-29T06"]),
        ("FREQ=DAILY;INTERVAL=3;BYMONTH=4", ["2026-04-03T12", "2026-04-06T12"]),
        ("FREQ=HOURLY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=0", ["2027-01-01T00", "2028-01-01T00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31,31", ["2026-05-01T12", "2026-05-31T12"]),
    ],
)
def test_what_is_skipped_keeps_the_grid(text, expected):
    rule = recurrence_parse.parse(text, "UTC")
    first, since = map(datetime.fromisoformat, ("2026-03-01T12:00", "2026-04-01T00:00"))
    found = islice(recurrence_expand.starts(rule, first, since), 2)
    assert [moment.isoformat()[:13] for moment in found] == expected


def sundays(**changes):
    fields = {"recurrence": "FREQ=WEEKLY;BYDAY=SU", "duration_minutes": 60}
    return windows.parse(starts_at=NOON, **(fields | changes))


def test_the_next_occurrence_is_looked_for_once(monkeypatch):
    searches = []
    search = recurrence_expand.starts
    monkeypatch.setattr(
        recurrence_expand, "starts", lambda *given: searches.append(given) or search(*given)
    )
    window = sundays(timezone="Europe/Berlin")
    found = {windows.next_occurrence(window, NOON + timedelta(hours=hour)) for hour in range(1, 99)}
    assert [one.starts_at for one in found] == [NOON + timedelta(days=7)]
    assert len(searches) == 1
    over = sundays(recurrence="FREQ=WEEKLY;BYDAY=SU;COUNT=1")
    assert {windows.next_occurrence(over, NOON + timedelta(hours=n)) for n in range(20)} == {None}
    assert len(searches) == 2


def test_what_is_remembered_is_what_would_be_found():
    window = sundays(recurrence="FREQ=DAILY;BYHOUR=6,18", timezone="America/New_York")
    moments = [NOON + timedelta(minutes=97 * number) for number in range(200)]
    for after in [*moments, *reversed(moments), *moments[::3]]:
        remembered = windows.next_occurrence(window, after)
        windows._known_next.cache_clear()
        assert remembered == windows.next_occurrence(window, after)
        assert remembered.starts_at > after
