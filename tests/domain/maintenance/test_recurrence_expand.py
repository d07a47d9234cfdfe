from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from time import process_time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.maintenance.recurrence_expand import starts
from app.domain.maintenance.recurrence_parse import RecurrenceError, parse

FIRST = datetime.fromisoformat("2026-03-02T02:15")  # a Monday


def dates(text: str, count: int, since: datetime = FIRST, first: datetime = FIRST) -> list[str]:
    found = islice(starts(parse(text, "UTC"), first, since), count)
    return [f"{moment:%m-%dT%H:%M}" for moment in found]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("FREQ=DAILY", ["03-02T02:15", "03-03T02:15"], "from the first on, at its time"),
        ("RRULE:FREQ=DAILY", ["03-02T02:15", "03-03T02:15"], "as a line of iCalendar"),
        ("freq=daily;interval=3;", ["03-02T02:15", "03-05T02:15"], "in any case"),
        ("FREQ=WEEKLY", ["03-02T02:15", "03-09T02:15"], "on the weekday of the first"),
        ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0", ["03-08T02:00", "03-15T02:00"], "Sundays"),
        ("FREQ=WEEKLY;BYDAY=MO,FR", ["03-02T02:15", "03-06T02:15", "03-09T02:15"], "two days"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
            ["03-02T02:15", "03-15T02:15", "03-16T02:15"],
            "weeks that begin on Sunday",
        ),
        ("FREQ=MONTHLY", ["03-02T02:15", "04-02T02:15"], "on the day of the first"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["03-31T02:15", "05-31T02:15"], "months that have it"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["03-31T02:15", "04-30T02:15"], "the last day"),
        ("FREQ=MONTHLY;BYDAY=1SU", ["03-01T02:15", "04-05T02:15"][1:], "the first Sunday"),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["03-27T02:15", "04-24T02:15"], "the last Friday"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["03-13T02:15", "11-13T02:15"], "Friday the 13th"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            ["03-31T02:15", "04-30T02:15", "05-29T02:15"],
            "the last working day",
        ),
        ("FREQ=YEARLY", ["03-02T02:15", "03-02T02:15"], "on the date of the first"),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", ["01-01T02:15"], "New Year"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["11-26T02:15"], "the fourth Thursday of November"),
        ("FREQ=YEARLY;BYDAY=-1MO", ["12-28T02:15"], "the last Monday of the year"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["02-29T02:15"], "a leap day"),
        ("FREQ=HOURLY;INTERVAL=6", ["03-02T02:15", "03-02T08:15"], "every six hours"),
        ("FREQ=DAILY;BYHOUR=3,15;BYMINUTE=0", ["03-02T03:00", "03-02T15:00"], "twice a day"),
        ("FREQ=DAILY;COUNT=2", ["03-02T02:15", "03-03T02:15"], "so many times"),
        ("FREQ=DAILY;UNTIL=20260303T021500Z", ["03-02T02:15", "03-03T02:15"], "until, inclusive"),
        ("FREQ=DAILY;UNTIL=20260303", ["03-02T02:15", "03-03T02:15"], "a date includes its day"),
    ],
)
def test_occurrences_of_rules(text, expected, why):
    assert dates(text, len(expected)) == expected, why


def test_a_rule_ends():
    assert dates("FREQ=DAILY;COUNT=2", 9) == ["03-02T02:15", "03-03T02:15"]
    assert dates("FREQ=DAILY;UNTIL=20260303", 9) == ["03-02T02:15", "03-03T02:15"]
    assert dates("FREQ=DAILY;COUNT=2", 9, FIRST + timedelta(days=1)) == ["03-03T02:15"]
    assert dates("FREQ=DAILY;COUNT=2", 9, FIRST + timedelta(days=2)) == []


def test_until_is_an_instant_of_the_zone():
    rule = parse("FREQ=DAILY;UNTIL=20260303T210000Z", "Asia/Tokyo")
    assert rule.until == datetime.fromisoformat("2026-03-04T06:00")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "write a rule like"),
        ("every sunday", "write a rule like"),
        ("FREQ=", "write a rule like"),
        ("FREQ=SECONDLY", "too frequent"),
        ("FREQ=MINUTELY;INTERVAL=30", "too frequent"),
        ("FREQ=FORTNIGHTLY", "FREQ is one of"),
        ("BYDAY=MO", "FREQ is one of"),
        ("FREQ=DAILY;FREQ=DAILY", "given twice"),
        ("FREQ=DAILY;BYLUNCH=1", "no part 'BYLUNCH'"),
        ("FREQ=DAILY;DTSTART=20260302", "no part 'DTSTART'"),
        ("FREQ=YEARLY;BYWEEKNO=3", "not supported"),
        ("FREQ=YEARLY;BYEASTER=1", "not supported"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL lies between 1"),
        ("FREQ=DAILY;INTERVAL=1.5", "INTERVAL lies between 1"),
        ("FREQ=YEARLY;INTERVAL=11", "INTERVAL lies between 1 and 10"),
        ("FREQ=DAILY;COUNT=1001", "COUNT lies between"),
        ("FREQ=DAILY;COUNT=-1", "COUNT lies between"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR lies between 0 and 23"),
        ("FREQ=DAILY;BYHOUR=", "write a rule like"),
        ("FREQ=DAILY;BYHOUR=1,,2", "BYHOUR lies between"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE lies between"),
        ("FREQ=DAILY;BYSECOND=30", "BYSECOND lies between 0 and 0"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH lies between"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY has no 0"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY lies between"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY names weekdays"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY names weekdays"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY names weekdays"),
        ("FREQ=WEEKLY;BYDAY=1MO", "need FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with FREQ=WEEKLY"),
        ("FREQ=WEEKLY;WKST=XX", "WKST is one of"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS needs"),
        ("FREQ=HOURLY;BYDAY=MO;BYSETPOS=1", "does not go with FREQ=HOURLY"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL is a time"),
        ("FREQ=DAILY;UNTIL=20260231", "UNTIL is a time"),
        ("FREQ=DAILY;UNTIL=00010101T000000Z", "out of range"),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", "out of range"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20260303", "not both"),
        ("FREQ=DAILY;BYHOUR=0,1,2,3,4;BYMINUTE=0,10,20,30,40", "too many"),
        ("FREQ=HOURLY;BYMINUTE=0,30", "too many"),
        ("FREQ=DAILY;" * 100, "at most 500"),
    ],
)
def test_bad_rules_are_refused_with_a_sentence(text, part):
    with pytest.raises(RecurrenceError, match=part):
        parse(text, "UTC")


def several(name: str, allowed: list[int], most: int = 3) -> st.SearchStrategy[str]:
    values = st.lists(st.sampled_from(allowed), min_size=1, max_size=most, unique=True)
    return st.just("") | values.map(lambda v: f";{name}={','.join(map(str, v))}")


weekdays = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
plain_days = st.lists(weekdays, min_size=1, max_size=3, unique=True)
nth_days = st.lists(st.tuples(st.sampled_from([1, 2, 5, -1, -2]), weekdays), min_size=1, max_size=2)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    by_month = frequency in ("MONTHLY", "YEARLY")
    text = f"FREQ={frequency};INTERVAL={draw(st.integers(1, 5))}"
    text += draw(several("BYMONTH", list(range(1, 13)), 6))
    text += draw(several("BYHOUR", list(range(24)))) if frequency != "HOURLY" else ""
    text += draw(several("BYMINUTE", [0, 15, 30])) if frequency != "HOURLY" else ""
    month_days = draw(several("BYMONTHDAY", [1, 2, 13, 28, 29, 30, 31, -1, -2]))
    text += month_days if frequency != "WEEKLY" else ""
    days = draw(st.none() | plain_days)
    if by_month and draw(st.booleans()):
        days = [f"{nth}{day}" for nth, day in draw(nth_days)]
    text += f";BYDAY={','.join(dict.fromkeys(days))}" if days else ""
    if by_month and "DAY" in text:
        text += draw(several("BYSETPOS", [1, 2, -1, 4]))
    text += draw(st.sampled_from(["", ";COUNT=7", ";UNTIL=20270704T120000Z"]))
    return text + draw(st.sampled_from(["", ";WKST=SU"]))


@given(rules(), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_it_agrees_with_dateutil(text, days_on):
    """Compare within two years; asked beyond them, dateutil would search to the year 9999."""
    since, to = FIRST + timedelta(days=days_on), FIRST + timedelta(days=730)
    ours = list(starts(parse(text, "UTC"), FIRST, since, to))
    # A date that always comes keeps dateutil from searching on and on.
    oracle = rrulestr(text.replace("00Z", "00"), dtstart=FIRST)
    if not ours and next(starts(parse(text, "UTC"), FIRST, FIRST), None) is None:
        return
    theirs = []
    for moment in oracle:
        if moment > to:
            break
        if moment >= since:
            theirs.append(moment)
        if len(theirs) > len(ours):
            break
    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=HOURLY",
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=SU",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=YEARLY",
        "FREQ=DAILY;COUNT=1000",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9",
        "FREQ=YEARLY;BYDAY=53MO",
    ],
)
def test_age_and_futility_cost_nothing_much(text):
    old = datetime.fromisoformat("2006-03-01T02:15")
    rule, now = parse(text, "UTC"), datetime.fromisoformat("2026-03-02T12:00")
    list(starts(rule, old, now, now))  # where a COUNT ends is found once
    began = process_time()
    list(islice(starts(rule, old, now), 2))
    assert process_time() - began < 1.0  # around 0.1 s for what never comes, else microseconds


@given(st.text("FREQ=DAILYWEKMOBSU;,0123456789Z-+", max_size=40).map("FREQ=DAILY;{}".format))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reader(text):
    with suppress(RecurrenceError):
        parse(text, "UTC")
