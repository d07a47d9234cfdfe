from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.delivery import quiet_hours

NIGHT = {"timezone": "Europe/Berlin", "from": "22:00", "to": "07:00", "min_severity": "critical"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "now", "expected", "why"),
    [
        ({}, "2026-03-02T20:59", None, "a minute before"),
        ({}, "2026-03-02T21:00", "2026-03-03T06:00", "from the beginning on"),
        ({}, "2026-03-03T02:00", "2026-03-03T06:00", "past midnight"),
        ({}, "2026-03-03T05:59:59", "2026-03-03T06:00", "to the last second"),
        ({}, "2026-03-03T06:00", None, "the end is loud again"),
        ({"from": "01:00", "to": "05:00"}, "2026-03-03T02:00", "2026-03-03T04:00", "one day"),
        ({"from": "01:00", "to": "05:00"}, "2026-03-03T12:00", None, "and not the other half"),
        ({"from": "18:00", "to": "24:00"}, "2026-03-02T22:30", "2026-03-02T23:00", "midnight"),
        ({"from": "00:00", "to": "06:00"}, "2026-03-02T23:00", "2026-03-03T05:00", "from it"),
        ({}, "2026-03-28T23:00", "2026-03-29T05:00", "an hour shorter in spring"),
        ({}, "2026-10-24T23:00", "2026-10-25T06:00", "an hour longer in autumn"),
        ({"to": "02:30"}, "2026-03-29T00:59", "2026-03-29T01:00", "an end that is skipped"),
        ({"to": "02:30"}, "2026-10-25T00:29", "2026-10-25T00:30", "an end that comes twice"),
        ({"to": "02:30"}, "2026-10-25T01:15", None, "and is over after the first"),
        ({"from": "02:15"}, "2026-10-25T00:20", "2026-10-25T06:00", "a beginning that does"),
        ({"from": "02:15"}, "2026-10-25T01:05", "2026-10-25T06:00", "stays in the second hour"),
        ({"from": "02:15"}, "2026-03-29T01:00", "2026-03-29T05:00", "a beginning that is skipped"),
        (
            {"from": "02:00", "to": "03:00"},
            "2026-03-29T01:00",
            None,
            "an hour that does not exist is not quiet",
        ),
        (
            {"timezone": "Australia/Lord_Howe", "to": "02:15"},
            "2026-10-03T15:29",
            "2026-10-03T15:30",
            "half an hour on Lord Howe",
        ),
    ],
)
def test_quiet_until(changes, now, expected, why):
    found = quiet_hours.quiet_until(quiet_hours.parse({**NIGHT, **changes}), utc(now))
    assert found == (None if expected is None else utc(expected)), why


@pytest.mark.parametrize(
    ("min_severity", "severity", "is_deferred"),
    [
        ("critical", "critical", False),
        ("critical", "warning", True),
        ("critical", "info", True),
        ("warning", "critical", False),
        ("warning", "warning", False),
        ("warning", "info", True),
        ("info", "info", False),
    ],
)
def test_what_is_severe_enough_is_sent_all_the_same(min_severity, severity, is_deferred):
    quiet = quiet_hours.parse({**NIGHT, "min_severity": min_severity})
    deferred = quiet_hours.deferred_until(quiet, severity, utc("2026-03-02T23:00"))
    assert deferred == (utc("2026-03-03T06:00") if is_deferred else None)
    assert quiet_hours.deferred_until(quiet, severity, utc("2026-03-02T12:00")) is None


def test_only_the_most_severe_is_sent_where_nothing_is_said():
    assert quiet_hours.parse({"from": "22:00", "to": "07:00"}).min_severity == "critical"
    assert quiet_hours.parse({"from": "22:00", "to": "07:00"}).timezone == "UTC"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"timezone": "Mars"}, "not a time zone"),
        ({"from": "7:00"}, "not a time of day"),
        ({"from": "25:00"}, "not a time of day"),
        ({"to": "23:60"}, "not a time of day"),
        ({"to": "24:01"}, "not a time of day"),
        ({"to": None}, "not a time of day"),
        ({"to": "٠٧:٠٠"}, "not a time of day"),
        ({"from": "07:00", "to": "07:00"}, "another time"),
        ({"from": "00:00", "to": "24:00"}, "another time"),
        ({"min_severity": "loud"}, "choose one of"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, part):
    with pytest.raises(ValueError, match=part):
        quiet_hours.parse({**NIGHT, **changes})


clocks = st.integers(0, 1_439).map(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}")


@given(
    clocks,
    clocks,
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia"]),
    st.integers(1_300_000_000, 1_900_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
)
@settings(max_examples=200, deadline=None)
def test_a_held_message_is_sent_within_a_day_and_an_hour(since, until, zone, now):
    if since == until:
        return
    quiet = quiet_hours.parse({"timezone": zone, "from": since, "to": until})
    end = quiet_hours.quiet_until(quiet, now)
    if end is not None:
        assert now < end
        assert (end - now).total_seconds() <= 25 * 3_600
        assert quiet_hours.quiet_until(quiet, end) is None
