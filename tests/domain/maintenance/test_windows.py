from datetime import UTC, datetime, timedelta
from time import process_time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.maintenance import windows
from app.domain.maintenance.windows import Occurrence, WindowError, WindowStatus

SHOP, BLOG = UUID(int=1), UUID(int=2)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ONCE = {"starts_at": utc("2026-03-02T02:00"), "ends_at": utc("2026-03-02T03:00")}
SUNDAYS = {
    "starts_at": utc("2026-03-01T01:00"),  # Sunday 02:00 in Berlin
    "recurrence": "FREQ=WEEKLY;BYDAY=SU",
    "duration_minutes": 60,
    "timezone": "Europe/Berlin",
}


def between(text: str) -> Occurrence | None:
    begin, _, end = text.partition("/")
    return Occurrence(utc(begin), utc(end)) if text else None


@pytest.mark.parametrize(
    ("fields", "at", "expected", "why"),
    [
        (ONCE, "2026-03-02T01:59:59", "", "before it"),
        (ONCE, "2026-03-02T02:00", "2026-03-02T02:00/2026-03-02T03:00", "from its beginning"),
        (ONCE, "2026-03-02T03:00", "", "up to its end"),
        (SUNDAYS, "2026-03-08T01:30", "2026-03-08T01:00/2026-03-08T02:00", "in winter"),
        (SUNDAYS, "2026-03-08T02:00", "", "an hour and no longer"),
        (SUNDAYS, "2026-02-22T01:30", "", "before the first"),
        (SUNDAYS, "2026-03-07T01:30", "", "not on Saturdays"),
        (SUNDAYS, "2026-03-29T00:59", "", "the night of the change in spring"),
        (SUNDAYS, "2026-03-29T01:00", "2026-03-29T01:00/2026-03-29T02:00", "02:00 is skipped"),
        (SUNDAYS, "2026-04-05T00:30", "2026-04-05T00:00/2026-04-05T01:00", "in summer"),
        (SUNDAYS, "2026-10-25T00:30", "2026-10-25T00:00/2026-10-25T01:00", "the first 02:00"),
        (SUNDAYS, "2026-10-25T01:30", "", "and not the second"),
        (SUNDAYS, "2026-11-01T01:30", "2026-11-01T01:00/2026-11-01T02:00", "in winter again"),
        (
            {**SUNDAYS, "duration_minutes": 600},
            "2026-10-25T09:59",
            "2026-10-25T00:00/2026-10-25T10:00",
            "ten hours are ten hours, whatever the clock does",
        ),
        (
            {**SUNDAYS, "starts_at": utc("2026-03-01T22:00"), "duration_minutes": 180},
            "2026-03-08T23:30",
            "2026-03-08T22:00/2026-03-09T01:00",
            "past midnight",
        ),
        (
            {**SUNDAYS, "duration_minutes": None, "ends_at": utc("2026-03-01T03:00")},
            "2026-03-15T02:30",
            "2026-03-15T01:00/2026-03-15T03:00",
            "without a duration, as long as the first one",
        ),
        ({**SUNDAYS, "ends_at": utc("2026-03-15T01:30")}, "2026-03-15T01:30", "", "a series ends"),
        (
            {**SUNDAYS, "ends_at": utc("2026-03-15T01:30")},
            "2026-03-15T01:29",
            "2026-03-15T01:00/2026-03-15T01:30",
            "and cuts its last",
        ),
        ({**SUNDAYS, "ends_at": utc("2026-03-15T01:30")}, "2026-03-22T01:30", "", "no more"),
        (
            {**SUNDAYS, "recurrence": "FREQ=MONTHLY;BYMONTHDAY=29"},
            "2028-02-29T01:30",
            "2028-02-29T01:00/2028-02-29T02:00",
            "a leap day",
        ),
        (
            {**SUNDAYS, "recurrence": "FREQ=DAILY", "timezone": "Australia/Lord_Howe"},
            "2026-10-04T01:30",
            "2026-10-04T01:00/2026-10-04T02:00",
            "noon on Lord Howe, after the change",
        ),
        (
            {**SUNDAYS, "recurrence": "FREQ=DAILY", "timezone": "Australia/Lord_Howe"},
            "2026-09-30T01:45",
            "2026-09-30T01:30/2026-09-30T02:30",
            "and before it",
        ),
        (
            {
                "starts_at": utc("2011-12-01T10:00"),  # midnight in Samoa
                "recurrence": "FREQ=DAILY",
                "duration_minutes": 30,
                "timezone": "Pacific/Apia",
            },
            "2011-12-30T10:10",
            "2011-12-30T10:00/2011-12-30T10:30",
            "two midnights in one: the day that never was",
        ),
        (
            {**SUNDAYS, "starts_at": utc("2016-03-06T01:00")},
            "2026-03-08T01:30",
            "2026-03-08T01:00/2026-03-08T02:00",
            "after ten years",
        ),
        ({**ONCE, "ended_at": utc("2026-03-02T02:20")}, "2026-03-02T02:20", "", "ended by hand"),
        (
            {**ONCE, "ended_at": utc("2026-03-02T02:20")},
            "2026-03-02T02:19",
            "2026-03-02T02:00/2026-03-02T02:20",
            "but not before",
        ),
        ({**SUNDAYS, "ended_at": utc("2026-03-08T01:20")}, "2026-03-08T01:30", "", "this one"),
        (
            {**SUNDAYS, "ended_at": utc("2026-03-08T01:20")},
            "2026-03-15T01:30",
            "2026-03-15T01:00/2026-03-15T02:00",
            "not the next",
        ),
    ],
)
def test_occurrence_at(fields, at, expected, why):
    assert windows.occurrence_at(windows.parse(**fields), utc(at)) == between(expected), why


@pytest.mark.parametrize(
    ("fields", "after", "expected", "why"),
    [
        (ONCE, "2026-03-02T01:00", "2026-03-02T02:00/2026-03-02T03:00", "ahead"),
        (ONCE, "2026-03-02T02:00", "", "begun"),
        ({**ONCE, "ended_at": utc("2026-03-01T00:00")}, "2026-03-01T00:00", "", "called off"),
        (SUNDAYS, "2026-03-01T00:00", "2026-03-01T01:00/2026-03-01T02:00", "the first"),
        (SUNDAYS, "2026-03-01T01:00", "2026-03-08T01:00/2026-03-08T02:00", "strictly after"),
        (SUNDAYS, "2026-03-22T12:00", "2026-03-29T01:00/2026-03-29T02:00", "at the jump"),
        (SUNDAYS, "2026-10-25T00:00", "2026-11-01T01:00/2026-11-01T02:00", "no second 02:00"),
        ({**SUNDAYS, "ends_at": utc("2026-03-10T00:00")}, "2026-03-08T02:00", "", "the end"),
        (
            {**SUNDAYS, "recurrence": "FREQ=WEEKLY;BYDAY=SU;COUNT=2"},
            "2026-03-08T01:00",
            "",
            "so many times",
        ),
        (
            {**SUNDAYS, "recurrence": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"},
            "2026-03-08T01:00",
            "2028-02-29T01:00/2028-02-29T02:00",
            "years ahead",
        ),
    ],
)
def test_next_occurrence(fields, after, expected, why):
    assert windows.next_occurrence(windows.parse(**fields), utc(after)) == between(expected), why


@pytest.mark.parametrize(
    ("fields", "now", "expected", "change"),
    [
        (ONCE, "2026-03-02T01:00", "scheduled", "2026-03-02T02:00"),
        (ONCE, "2026-03-02T02:30", "active", "2026-03-02T03:00"),
        (ONCE, "2026-03-02T03:00", "ended", None),
        ({**ONCE, "ended_at": utc("2026-03-01T00:00")}, "2026-03-01T00:00", "ended", None),
        (SUNDAYS, "2026-03-01T00:00", "scheduled", "2026-03-01T01:00"),
        (SUNDAYS, "2026-03-01T01:30", "active", "2026-03-01T02:00"),
        (SUNDAYS, "2026-03-03T00:00", "scheduled", "2026-03-08T01:00"),
        ({**SUNDAYS, "ends_at": utc("2026-03-10T00:00")}, "2026-03-09T00:00", "ended", None),
    ],
)
def test_status_and_next_change(fields, now, expected, change):
    window = windows.parse(**fields)
    assert windows.status(window, utc(now)) is WindowStatus(expected)
    assert windows.next_change_at(window, utc(now)) == (change and utc(change))


def test_of_overlapping_occurrences_the_later_end_counts():
    fields = {**SUNDAYS, "recurrence": "FREQ=DAILY", "duration_minutes": 1_500}
    window = windows.parse(**fields)
    assert windows.occurrence_at(window, utc("2026-03-05T01:30")).starts_at == utc(
        "2026-03-05T01:00"
    )
    assert windows.next_change_at(window, utc("2026-03-05T00:30")) == utc("2026-03-05T01:00")


@pytest.mark.parametrize(
    ("changes", "field", "part"),
    [
        ({"starts_at": None}, "starts_at", "when the window begins"),
        ({"starts_at": datetime(2026, 3, 2)}, "starts_at", "needs its offset"),  # noqa: DTZ001
        ({"ends_at": datetime(2026, 3, 2)}, "ends_at", "needs its offset"),  # noqa: DTZ001
        ({"starts_at": utc("0001-01-01T00:00")}, "starts_at", "out of range"),
        ({"ends_at": utc("9999-12-31T23:59")}, "ends_at", "out of range"),
        ({"ends_at": utc("2026-03-02T02:00")}, "ends_at", "after it begins"),
        ({"ends_at": None}, "ends_at", "when the window ends"),
        ({"duration_minutes": 60}, "duration_minutes", "only a window that recurs"),
        ({"timezone": "Mars"}, "timezone", "not a time zone"),
        ({"recurrence": "FREQ=MINUTELY"}, "recurrence", "too frequent"),
        ({"recurrence": "sundays"}, "recurrence", "write a rule"),
        ({"recurrence": "FREQ=DAILY", "duration_minutes": 0}, "duration_minutes", "from 1"),
        ({"recurrence": "FREQ=DAILY", "duration_minutes": 99_999}, "duration_minutes", "to 44640"),
        ({"recurrence": "FREQ=DAILY", "ends_at": None}, "duration_minutes", "how long"),
        ({"recurrence": "FREQ=YEARLY", "ends_at": utc("2026-06-02T02:00")}, "ends_at", "31 days"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, field, part):
    with pytest.raises(WindowError) as caught:
        windows.parse(**{**ONCE, **changes})
    assert caught.value.field == field
    assert part in caught.value.message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recurrence": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "recurrence"),
        ({"recurrence": "FREQ=DAILY;UNTIL=20200101"}, "recurrence"),
        ({"recurrence": "FREQ=DAILY", "duration_minutes": 1_440}, "duration_minutes"),
        ({"recurrence": "FREQ=HOURLY", "duration_minutes": 61}, "duration_minutes"),
    ],
)
def test_a_new_window_comes_and_lets_go(changes, field):
    with pytest.raises(WindowError) as caught:
        windows.check(windows.parse(**{**SUNDAYS, **changes}))
    assert caught.value.field == field


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"recurrence": "FREQ=WEEKLY;BYDAY=SA,SU", "duration_minutes": 1_440},
        {"recurrence": "FREQ=DAILY;COUNT=3", "duration_minutes": 1_440},
    ],
)
def test_neighbours_may_touch(changes):
    windows.check(windows.parse(**{**SUNDAYS, **changes}))
    windows.check(windows.parse(**ONCE))


def test_a_recurrence_without_a_start_begins_at_the_midnight_before():
    created = utc("2026-03-29T12:00")
    assert windows.default_start(created, "Europe/Berlin") == utc("2026-03-28T23:00")
    assert windows.default_start(utc("2026-04-24T12:00"), "Africa/Cairo") == utc("2026-04-23T22:00")


@pytest.mark.parametrize(
    ("service_ids", "tags", "expected"),
    [
        ([], [], True),
        ([SHOP], [], True),
        ([BLOG], [], False),
        ([], ["prod"], True),
        ([], ["test"], False),
        ([BLOG], ["prod"], True),
        ([BLOG], ["test"], False),
    ],
)
def test_whom_a_window_covers(service_ids, tags, expected):
    window = windows.parse(**ONCE, service_ids=service_ids, tags=tags)
    assert windows.covers(window, SHOP, ["prod", "web"]) is expected


def test_ten_years_cost_nothing():
    old = {
        "starts_at": utc("2016-03-06T01:00"),
        "duration_minutes": 30,
        "timezone": "Europe/Berlin",
    }
    for rule in ("FREQ=HOURLY", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=-1SU", "FREQ=YEARLY"):
        window = windows.parse(**old, recurrence=rule)
        began = process_time()
        windows.status(window, utc("2026-03-08T12:00"))
        windows.next_change_at(window, utc("2026-03-08T12:00"))
        assert process_time() - began < 0.1  # a few milliseconds


@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU,WE", "FREQ=HOURLY;INTERVAL=5"]),
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia"]),
    st.integers(1, 2_000),
    st.integers(1_320_000_000, 1_330_000_000),
)
@settings(max_examples=100, deadline=None)
def test_edges_follow_each_other(rule, zone, minutes, at):
    start = datetime.fromtimestamp(1_315_000_000, UTC)
    window = windows.parse(
        starts_at=start, recurrence=rule, duration_minutes=minutes, timezone=zone
    )
    now = datetime.fromtimestamp(at, UTC)
    for _ in range(5):
        change = windows.next_change_at(window, now)
        assert change is not None
        assert change > now
        before = windows.occurrence_at(window, now)
        assert windows.occurrence_at(window, change - timedelta(microseconds=1)) == before
        assert windows.occurrence_at(window, change) != before
        now = change
