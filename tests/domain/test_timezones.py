from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import timezones


@pytest.mark.parametrize(
    "name",
    ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Europe/Kiev"],
)
def test_zones_have_iana_names(name):
    assert timezones.zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Berlin",
        "europe/berlin",
        "Europe",
        "Europe/Atlantis",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/../UTC",
        "localtime",
        "Factory",
        "posix/UTC",
        "right/UTC",
        "tzdata.zi",
        "zone.tab",
        "UTC\x00",
        "Ünited/Kingdom",
        "x" * 10_000,
    ],
)
def test_anything_else_is_refused_with_a_short_sentence(name):
    with pytest.raises(ValueError, match="is not a time zone") as caught:
        timezones.zone(name)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("zone", "wall", "expected", "why"),
    [
        ("UTC", "2026-03-08T02:30", "2026-03-08T02:30", "no daylight saving"),
        ("America/New_York", "2026-03-08T01:59", "2026-03-08T06:59", "before the jump"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00", "the jump itself"),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00", "skipped: right after"),
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00", "the same moment"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30", "twice: the first"),
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00", "once again"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30", "a jump of 30 minutes"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45", "back by 30 minutes"),
        ("Africa/Cairo", "2026-04-24T00:00", "2026-04-23T22:00", "midnight is skipped"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00", "a whole day is skipped"),
    ],
)
def test_the_instant_of_a_wall_time(zone, wall, expected, why):
    found = timezones.instant(datetime.fromisoformat(wall), timezones.zone(zone))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC), why


ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo"]


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime.fromisoformat("2005-01-01"), datetime.fromisoformat("2030-01-01")).map(
        lambda m: m.replace(microsecond=0)
    ),
)
def test_instants_follow_the_order_of_the_clock(zone, wall):
    tz = timezones.zone(zone)
    found = timezones.instant(wall, tz)
    assert timezones.wall_time(found, tz) >= wall, "never before the time asked for"
    assert found <= timezones.instant(wall + timedelta(minutes=7), tz)
