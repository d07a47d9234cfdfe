from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.heartbeats.schedules import Cron, Every, ScheduleError, next_expected, parse


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def following(expression: str, zone: str, after: str, count: int) -> list[str]:
    schedule, moment, found = parse(expression, zone), utc(after), []
    for _ in range(count):
        moment = next_expected(schedule, moment)
        found.append(f"{moment:%m-%dT%H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every 30s", Every(30)),
        ("every 5m", Every(300)),
        ("@every 5m", Every(300)),
        ("every 1h", Every(3_600)),
        ("every 6h", Every(21_600)),
        ("every 24h", Every(86_400)),
        ("every 1d", Every(86_400)),
        ("every 365d", Every(31_536_000)),
        ("  Every  10 M ", Every(600)),
        ("every 1w", Every(604_800)),
        ("every 52w", Every(31_449_600)),
        ("every 15 minutes", Every(900)),
        ("every 2 Hours", Every(7_200)),
        ("every 1 day", Every(86_400)),
        ("every 90sec", Every(90)),
        ("@every 1h30m0s", Every(5_400)),
        ("every 1h 30min", Every(5_400)),
        ("*/5 * * * *", Cron("*/5 * * * *", "UTC")),
        ("@daily", Cron("0 0 * * *", "UTC")),
        ("@Midnight", Cron("0 0 * * *", "UTC")),
        ("@hourly", Cron("0 * * * *", "UTC")),
        ("@weekly", Cron("0 0 * * 0", "UTC")),
        ("@monthly", Cron("0 0 1 * *", "UTC")),
        ("@yearly", Cron("0 0 1 1 *", "UTC")),
        ("@annually", Cron("0 0 1 1 *", "UTC")),
        ("0 0 ? * MON", Cron("0 0 * * MON", "UTC")),
        ("0 0 1 * ?", Cron("0 0 1 * *", "UTC")),
        ("0 0 * * fri-sun", Cron("0 0 * * 0,5,6", "UTC")),
        ("0 0 * * 6-1", Cron("0 0 * * 0,1,6", "UTC")),
        ("0 0 * * FRI-TUE/2,4", Cron("0 0 * * 0,2,5,4", "UTC")),
        ("0 0 * * 5-7", Cron("0 0 * * 5-7", "UTC")),
        ("0 0 * * friL", Cron("0 0 * * 5L", "UTC")),
        ("0 0 * * SUN#1", Cron("0 0 * * SUN#1", "UTC")),
        ("  0  2 * *  MON-FRI ", Cron("0 2 * * MON-FRI", "UTC")),
    ],
)
def test_schedules_are_read(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "zone", "field", "part"),
    [
        ("", "UTC", "schedule", "five fields"),
        ("hourly", "UTC", "schedule", "five fields"),
        ("@reboot", "UTC", "schedule", "write one of @yearly"),
        ("@", "UTC", "schedule", "write one of @yearly"),
        ("* * * *", "UTC", "schedule", "five fields"),
        ("0 * * * * *", "UTC", "schedule", "seconds are not known"),
        ("every", "UTC", "schedule", "write a period"),
        ("every hour", "UTC", "schedule", "write a period"),
        ("every 5", "UTC", "schedule", "write a period"),
        ("every 1y", "UTC", "schedule", "write a period"),
        ("every 1.5h", "UTC", "schedule", "write a period"),
        ("every -1h", "UTC", "schedule", "write a period"),
        ("every ٣h", "UTC", "schedule", "write a period"),
        ("every 5 months", "UTC", "schedule", "write a period"),
        ("every 1h30", "UTC", "schedule", "write a period"),
        ("TZ=UTC 0 0 * * *", "UTC", "schedule", "into the field timezone"),
        ("CRON_TZ=Europe/Berlin 0 0 * * *", "UTC", "schedule", "into the field timezone"),
        ("every 0s", "UTC", "schedule", "1 second to 365 days"),
        ("every 366d", "UTC", "schedule", "1 second to 365 days"),
        ("every 999999999d", "UTC", "schedule", "1 second to 365 days"),
        ("60 * * * *", "UTC", "schedule", "minute"),
        ("* 24 * * *", "UTC", "schedule", "hour"),
        ("* * 0 * *", "UTC", "schedule", "day"),
        ("* * * 13 *", "UTC", "schedule", "month"),
        ("* * * * 8", "UTC", "schedule", "bad day-of-week '8'; write 0-7"),
        ("H * * * *", "UTC", "schedule", "bad minute 'H'; write 0-59"),
        ("0 22-2 * * *", "UTC", "schedule", "bad hour '22-2'; write 0-23"),
        ("0 0 15W * *", "UTC", "schedule", "bad day-of-month '15W'; write 1-31, L"),
        ("0 0 L-3 * *", "UTC", "schedule", "bad day-of-month 'L-3'"),
        ("0 0 * Mai *", "UTC", "schedule", "bad month 'Mai'; write 1-12 or JAN-DEC"),
        ("0 0 * * fre", "UTC", "schedule", "bad day-of-week 'fre'"),
        ("0 0 * * mon#6", "UTC", "schedule", "SUN#1 (the first) or 5L (the last Friday)"),
        ("*/0 * * * *", "UTC", "schedule", "minute"),
        ("5-1 * * * *", "UTC", "schedule", "minute"),
        ("a b c d e", "UTC", "schedule", "cron"),
        ("@every 1.5h", "UTC", "schedule", "write a period"),
        ("0 0 30 2 *", "UTC", "schedule", "day 30 does not come in month 2"),
        ("0 0 31 4,6,9,11 *", "UTC", "schedule", "day 31 does not come in month 4,6,9,11"),
        ("0 0 32 4 *", "UTC", "schedule", "bad day-of-month '32'"),
        ("* " * 5_000, "UTC", "schedule", "at most 200"),
        ("every 1h", "Mars/Olympus", "timezone", "not a time zone"),
        ("0 2 * * *", "../etc", "timezone", "not a time zone"),
    ],
)
def test_what_cannot_be_kept_is_refused(text, zone, field, part):
    with pytest.raises(ScheduleError) as caught:
        parse(text, zone)
    assert caught.value.field == field
    assert part in caught.value.message


def test_a_period_counts_from_the_last_ping():
    after = utc("2026-03-08T06:59:30")
    assert next_expected(parse("every 1d", "America/New_York"), after) == after + timedelta(days=1)


NY, BERLIN, HOWE = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected", "why"),
    [
        ("0 2 * * *", "UTC", "2026-03-02T02:00", ["03-03T02:00"], "strictly after"),
        ("0 2 * * *", "UTC", "2026-03-02T01:59:59", ["03-02T02:00"], "a second before"),
        ("*/15 * * * *", "UTC", "2026-03-02T00:01", ["03-02T00:15", "03-02T00:30"], "a step"),
        ("0 0 29 2 *", "UTC", "2026-01-01", ["02-29T00:00"], "the next leap day"),
        ("0 0 31 * *", "UTC", "2026-01-31T00:00", ["03-31T00:00"], "months without a 31st"),
        ("0 0 13 * 5", "UTC", "2026-03-01", ["03-06T00:00", "03-13T00:00"], "day or weekday"),
        ("0 0 * * 0", "UTC", "2026-03-02", ["03-08T00:00"], "Sunday is 0"),
        ("0 0 * * 7", "UTC", "2026-03-02", ["03-08T00:00"], "and 7"),
        ("0 9 * * *", NY, "2026-03-07T12:00", ["03-07T14:00", "03-08T13:00"], "local wall time"),
        ("0 9 * * *", NY, "2026-10-31T12:00", ["10-31T13:00", "11-01T14:00"], "and back"),
        (
            "30 2 * * *",
            NY,
            "2026-03-07T00:00",
            ["03-07T07:30", "03-08T07:00", "03-09T06:30"],
            "skipped: right after the jump, once",
        ),
        ("0 2 * * *", NY, "2026-03-08T00:00", ["03-08T07:00", "03-09T06:00"], "at the jump"),
        ("30 3 * * *", NY, "2026-03-08T00:00", ["03-08T07:30"], "behind the jump"),
        ("30 1 * * *", NY, "2026-11-01T00:00", ["11-01T05:30", "11-02T06:30"], "twice: the first"),
        ("30 1 * * *", NY, "2026-11-01T05:45", ["11-02T06:30"], "between both: no second run"),
        ("30 1 * * *", NY, "2026-11-01T06:10", ["11-02T06:30"], "nor in the second hour"),
        ("30 1 * * *", NY, "2026-11-01T06:30", ["11-02T06:30"], "nor at its twin"),
        (
            "0 * * * *",
            NY,
            "2026-11-01T04:30",
            ["11-01T05:00", "11-01T06:00", "11-01T07:00"],
            "hourly jobs run in both hours",
        ),
        (
            "0 * * * *",
            NY,
            "2026-03-08T06:30",
            ["03-08T07:00", "03-08T08:00"],
            "and lose none to a jump",
        ),
        (
            "*/30 * * * *",
            NY,
            "2026-11-01T05:15",
            ["11-01T05:30", "11-01T06:00", "11-01T06:30", "11-01T07:00"],
            "so do frequent ones",
        ),
        ("*/30 2 * * *", NY, "2026-03-08T00:00", ["03-09T06:00"], "no such hour, no such runs"),
        (
            "30 0-3 * * *",
            NY,
            "2026-11-01T04:00",
            ["11-01T04:30", "11-01T05:30", "11-01T07:30"],
            "a list of fixed hours runs each once",
        ),
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", ["03-29T01:00", "03-30T00:30"], "spring"),
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", ["10-25T00:30", "10-26T01:30"], "autumn"),
        ("30 2 * * *", BERLIN, "2026-10-25T01:00", ["10-26T01:30"], "in the second hour"),
        ("0 2 * * SUN", BERLIN, "2026-03-25", ["03-29T01:00", "04-05T00:00"], "weekly"),
        ("15 2 * * *", HOWE, "2026-10-02T15:50", ["10-03T15:30", "10-04T15:15"], "half an hour"),
        (
            "0 */6 * * *",
            HOWE,
            "2026-10-03T12:00",
            ["10-03T13:30", "10-03T19:00", "10-04T01:00"],
            "no run is lost on the day of half an hour",
        ),
        ("0 */6 * * *", HOWE, "2026-04-04T12:00", ["04-04T13:00", "04-04T19:30"], "nor in autumn"),
        ("0 0 * * 5L", BERLIN, "2026-02-20", ["02-26T23:00", "03-26T23:00"], "the last Friday"),
        ("0 0 * * SUN#1", "UTC", "2026-03-02", ["04-05T00:00", "05-03T00:00"], "the first Sunday"),
        ("45 1 * * *", HOWE, "2026-04-04T00:00", ["04-04T14:45", "04-05T15:15"], "and back"),
        ("45 1 * * *", HOWE, "2026-04-04T15:00", ["04-05T15:15"], "inside the half hour"),
        ("*/15 * * * *", HOWE, "2026-04-04T14:50", ["04-04T15:00", "04-04T15:15"], "runs through"),
        (
            "30 2 * * *",
            "Africa/Casablanca",
            "2026-02-14T12:00",
            ["02-15T01:30", "02-16T02:30"],
            "the clock goes back for Ramadan",
        ),
        (
            "30 2 * * *",
            "Africa/Casablanca",
            "2026-03-21T12:00",
            ["03-22T02:00", "03-23T01:30"],
            "and on again after it",
        ),
        (
            "0 0 * * *",
            "Africa/Cairo",
            "2026-04-22T23:00",
            ["04-23T22:00", "04-24T21:00"],
            "midnight is skipped",
        ),
        (
            "0 0 * * *",
            "Asia/Beirut",
            "2026-03-27T23:00",
            ["03-28T22:00", "03-29T21:00"],
            "here as well",
        ),
        (
            "30 23 * * *",
            "Asia/Beirut",
            "2026-10-24T12:00",
            ["10-24T20:30", "10-25T21:30"],
            "an evening that comes twice",
        ),
        (
            "0 9 * * *",
            "Pacific/Apia",
            "2011-12-29T18:00",
            ["12-29T19:00", "12-30T10:00", "12-30T19:00"],
            "the day that never was runs right after the jump",
        ),
        ("0 0 30 12 *", "Pacific/Apia", "2011-06-01", ["12-30T10:00", "12-29T10:00"], "its date"),
        ("* * * * *", "Pacific/Apia", "2011-12-30T09:59", ["12-30T10:00"], "minutes go on"),
    ],
)
def test_cron_in_a_zone(expression, zone, after, expected, why):
    assert following(expression, zone, after, len(expected)) == expected, why


EXPRESSIONS = [
    "30 2 * * *",
    "0 0 * * *",
    "*/7 * * * *",
    "15 1 * * SUN",
    "0 */6 * * *",
    "59 23 L * *",
]
ZONES = [NY, BERLIN, HOWE, "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia"]


@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(ZONES),
    st.datetimes(
        datetime.fromisoformat("2010-01-01"),
        datetime.fromisoformat("2035-01-01"),
        timezones=st.just(UTC),
    ),
)
@settings(max_examples=300, deadline=None)
def test_the_next_moment_lies_in_the_future_and_the_loop_ends(expression, zone, after):
    schedule, moments = parse(expression, zone), [after]
    for _ in range(4):
        moments.append(next_expected(schedule, moments[-1]))
    assert all(earlier < later for earlier, later in pairwise(moments))


@given(st.sampled_from(ZONES), st.integers(2000, 2034))
@settings(max_examples=20, deadline=None)
def test_a_daily_job_runs_once_a_day(zone, year):
    schedule, moment, runs = parse("30 2 * * *", zone), datetime(year, 1, 1, tzinfo=UTC), 0
    while (moment := next_expected(schedule, moment)) < datetime(year + 1, 1, 1, tzinfo=UTC):
        runs += 1
    assert runs in (365, 366), "Samoa's missing day is made up for right after it"


@given(st.text("0123456789*/,-#LW MONJAN@every\t", max_size=25))
@settings(max_examples=500, deadline=None)
def test_no_text_breaks_the_reader(text):
    with suppress(ScheduleError):
        parse(text)
