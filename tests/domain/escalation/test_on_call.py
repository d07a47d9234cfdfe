from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import process_time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.escalation import on_call
from app.domain.escalation.on_call import Layer, OnCallSchedule, Override, Restriction, RotationType

ALICE, BOB, CAROL, DAVE = (UUID(int=number) for number in range(1, 5))
NAMES = {ALICE: "Alice", BOB: "Bob", CAROL: "Carol", DAVE: "Dave"}
NINE, SEVENTEEN, MIDNIGHT = 9 * 60, 17 * 60, 24 * 60


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MONDAY = utc("2026-03-02T00:00")
WEEKLY = Layer("primary", (ALICE, BOB, CAROL), handoff_time=NINE, starts_at=utc("2026-03-02T09:00"))
DAILY = Layer("daily", (ALICE, BOB), RotationType.DAILY, handoff_time=150, starts_at=MONDAY)
CUSTOM = Layer(
    "custom", (ALICE, BOB), RotationType.CUSTOM, rotation_days=3, starts_at=MONDAY, handoff_time=0
)
OFFICE = Restriction(NINE, SEVENTEEN, frozenset(range(5)))
NIGHT = Restriction(22 * 60, 6 * 60, frozenset({4}))


def names(layers, at: str, zone: str = "UTC", overrides=()) -> str:
    schedule = OnCallSchedule(zone, tuple(layers), tuple(overrides))
    return ", ".join(NAMES[o.user_id] for o in on_call.on_call_at(schedule, utc(at)))


def gaps(schedule: OnCallSchedule, days: int) -> list[tuple[datetime, datetime]]:
    segments = on_call.timeline(schedule, MONDAY, MONDAY + timedelta(days=days))
    return [(found.starts_at, found.ends_at) for found in segments if not found.on_call]


def limited(restriction: Restriction, *users: UUID) -> Layer:
    return Layer("limited", users or (DAVE,), starts_at=MONDAY, restriction=restriction)


@pytest.mark.parametrize(
    ("layer", "zone", "at", "expected", "why"),
    [
        (WEEKLY, "UTC", "2026-03-02T09:00", "Alice", "the first user begins"),
        (WEEKLY, "UTC", "2026-03-09T08:59:59", "Alice", "for a week"),
        (WEEKLY, "UTC", "2026-03-09T09:00", "Bob", "then the next"),
        (WEEKLY, "UTC", "2026-03-16T09:00", "Carol", "and the next"),
        (WEEKLY, "UTC", "2026-03-23T09:00", "Alice", "and from the beginning"),
        (WEEKLY, "UTC", "2026-03-02T08:59", "Carol", "before the start the turns run backwards"),
        (WEEKLY, "UTC", "2036-03-03T09:00", "Alice", "after ten years"),
        (CUSTOM, "UTC", "2026-03-04T23:59", "Alice", "three days"),
        (CUSTOM, "UTC", "2026-03-05T00:00", "Bob", "and three days"),
        (CUSTOM, "UTC", "2026-03-08T00:00", "Alice", "in turn"),
        (WEEKLY, "Europe/Berlin", "2026-03-30T06:59", "Alice", "09:00 in winter is 08:00 UTC"),
        (WEEKLY, "Europe/Berlin", "2026-03-30T07:00", "Bob", "in summer it is 07:00 UTC"),
        (WEEKLY, "Europe/Berlin", "2026-10-26T07:59", "Alice", "and in winter again"),
        (WEEKLY, "Europe/Berlin", "2026-10-26T08:00", "Bob", "at nine on the clock"),
        (DAILY, "Europe/Berlin", "2026-03-29T00:59", "Bob", "02:30 is skipped"),
        (DAILY, "Europe/Berlin", "2026-03-29T01:00", "Alice", "so it is right after the jump"),
        (DAILY, "Europe/Berlin", "2026-03-30T00:30", "Bob", "and on time the next day"),
        (DAILY, "Europe/Berlin", "2026-10-25T00:29", "Bob", "02:30 comes twice"),
        (DAILY, "Europe/Berlin", "2026-10-25T00:30", "Alice", "the first of them"),
        (DAILY, "Europe/Berlin", "2026-10-25T01:30", "Alice", "not both"),
        (DAILY, "Australia/Lord_Howe", "2026-10-03T15:29", "Bob", "30 minutes on Lord Howe"),
        (DAILY, "Australia/Lord_Howe", "2026-10-03T15:30", "Alice", "right after the jump"),
        (DAILY, "Africa/Casablanca", "2026-02-15T01:29", "Bob", "Ramadan sets the clock back"),
        (DAILY, "Africa/Casablanca", "2026-02-15T01:30", "Alice", "the first 02:30"),
        (DAILY, "Africa/Casablanca", "2026-02-15T02:30", "Alice", "and not the second"),
        (DAILY, "Africa/Casablanca", "2026-03-22T02:00", "Bob", "and on again, over 02:30"),
    ],
)
def test_who_is_on_call_by_layer(layer, zone, at, expected, why):
    assert names([layer], at, zone) == expected, why


def test_a_day_that_never_was_is_nobodys_turn():
    samoa = Layer(
        "daily", (ALICE, BOB, CAROL), RotationType.DAILY, starts_at=utc("2011-12-28T10:00")
    )
    found = [names([samoa], f"2011-12-{day}T10:00", "Pacific/Apia") for day in (28, 29, 30, 31)]
    assert found == ["Alice", "Bob", "Alice", "Bob"], "Carol's day was skipped"


@pytest.mark.parametrize(
    ("restriction", "zone", "at", "is_covered", "why"),
    [
        (OFFICE, "UTC", "2026-03-02T08:59", False, "before office hours"),
        (OFFICE, "UTC", "2026-03-02T09:00", True, "from nine"),
        (OFFICE, "UTC", "2026-03-02T16:59", True, "to five"),
        (OFFICE, "UTC", "2026-03-02T17:00", False, "and no longer"),
        (OFFICE, "UTC", "2026-03-07T12:00", False, "not on Saturdays"),
        (NIGHT, "UTC", "2026-03-06T21:59", False, "Friday evening"),
        (NIGHT, "UTC", "2026-03-06T22:00", True, "Friday night"),
        (NIGHT, "UTC", "2026-03-07T05:59", True, "is still Friday's on Saturday"),
        (NIGHT, "UTC", "2026-03-07T06:00", False, "until six"),
        (NIGHT, "UTC", "2026-03-06T05:00", False, "Thursday's night is not"),
        (Restriction(0, MIDNIGHT, frozenset({5, 6})), "UTC", "2026-03-07T00:00", True, "weekends"),
        (Restriction(0, MIDNIGHT, frozenset({5, 6})), "UTC", "2026-03-09T00:00", False, "all day"),
        (Restriction(NINE, NINE), "UTC", "2026-03-07T03:00", True, "equal times: round the clock"),
        (OFFICE, "America/New_York", "2026-03-09T13:00", True, "nine in New York, summer"),
        (OFFICE, "America/New_York", "2026-03-06T13:59", False, "nine in New York, winter"),
        (Restriction(120, 180), "America/New_York", "2026-03-08T07:00", False, "02–03 is skipped"),
        (Restriction(60, 120), "America/New_York", "2026-11-01T06:30", True, "01–02 comes twice"),
        (Restriction(0, 60), "Africa/Cairo", "2026-04-23T22:00", False, "00–01 is skipped"),
    ],
)
def test_restrictions(restriction, zone, at, is_covered, why):
    assert names([limited(restriction)], at, zone) == ("Dave" if is_covered else ""), why


def test_layers_are_asked_in_order():
    backup = Layer("backup", (BOB, CAROL, ALICE), handoff_time=NINE, starts_at=WEEKLY.starts_at)
    assert names([WEEKLY, backup], "2026-03-02T10:00") == "Alice, Bob"
    assert names([limited(OFFICE), backup], "2026-03-07T10:00") == "Bob"


def test_following_the_sun():
    shifts = [(0, 480, ALICE), (480, 960, BOB), (960, MIDNIGHT, CAROL)]
    layers = [limited(Restriction(begin, end), user) for begin, end, user in shifts]
    schedule = OnCallSchedule("UTC", tuple(layers))
    assert gaps(schedule, 90) == []
    assert names(layers, "2026-03-02T07:59") == "Alice"
    assert names(layers, "2026-03-02T08:00") == "Bob"
    assert names(layers, "2026-03-02T23:59") == "Carol"


STAND_IN = Override(DAVE, utc("2026-03-03T00:00"), utc("2026-03-04T00:00"))


@pytest.mark.parametrize(
    ("layers", "at", "overrides", "expected", "why"),
    [
        ([WEEKLY], "2026-03-02T23:59", [STAND_IN], "Alice", "before it"),
        ([WEEKLY], "2026-03-03T00:00", [STAND_IN], "Dave", "from its beginning"),
        ([WEEKLY], "2026-03-04T00:00", [STAND_IN], "Alice", "up to its end"),
        ([WEEKLY, CUSTOM], "2026-03-03T12:00", [STAND_IN], "Dave, Alice", "the backup stays"),
        ([limited(NIGHT)], "2026-03-03T12:00", [STAND_IN], "Dave", "where nobody else is"),
        (
            [WEEKLY, limited(Restriction(), DAVE)],
            "2026-03-03T12:00",
            [STAND_IN],
            "Dave",
            "nobody is their own backup",
        ),
        (
            [WEEKLY],
            "2026-03-03T12:00",
            [STAND_IN, Override(BOB, utc("2026-03-03T06:00"), utc("2026-03-03T18:00"))],
            "Bob",
            "the later override counts",
        ),
    ],
)
def test_overrides(layers, at, overrides, expected, why):
    assert names(layers, at, overrides=overrides) == expected, why


def test_nobody_is_on_call_where_there_is_nobody():
    assert on_call.on_call_at(OnCallSchedule("UTC", ()), MONDAY) == ()
    assert on_call.on_call_at(OnCallSchedule("UTC", (Layer("empty", ()),)), MONDAY) == ()


def test_a_timeline_shows_turns_overrides_and_gaps():
    schedule = OnCallSchedule("UTC", (limited(OFFICE, ALICE, BOB),), (STAND_IN,))
    segments = on_call.timeline(schedule, utc("2026-03-02T12:00"), utc("2026-03-05T12:00"))
    shown = [
        (f"{s.starts_at:%dT%H}", f"{s.ends_at:%dT%H}", [NAMES[o.user_id] for o in s.on_call])
        for s in segments
    ]
    assert shown == [
        ("02T12", "02T17", ["Alice"]),
        ("02T17", "03T00", []),
        ("03T00", "03T09", ["Dave"]),
        ("03T09", "03T17", ["Dave"]),
        ("03T17", "04T00", ["Dave"]),
        ("04T00", "04T09", []),
        ("04T09", "04T17", ["Alice"]),
        ("04T17", "05T09", []),
        ("05T09", "05T12", ["Alice"]),
    ]


def test_the_gaps_of_a_week_without_weekends():
    schedule = OnCallSchedule("UTC", (limited(Restriction(0, MIDNIGHT, frozenset(range(5)))),))
    assert gaps(schedule, 14) == [
        (utc("2026-03-07T00:00"), utc("2026-03-09T00:00")),
        (utc("2026-03-14T00:00"), utc("2026-03-16T00:00")),
    ]


@pytest.mark.parametrize("days", [-1, 0, 401])
def test_a_timeline_is_bounded(days):
    with pytest.raises(ValueError, match="up to 400 days"):
        on_call.timeline(OnCallSchedule("UTC", (WEEKLY,)), MONDAY, MONDAY + timedelta(days=days))


def test_a_forecast_of_ninety_days_is_quick():
    layers = tuple(
        Layer(str(n), (ALICE, BOB, CAROL), RotationType.DAILY, 0, 60 * n, MONDAY, 1, OFFICE)
        for n in range(5)
    )
    schedule = OnCallSchedule("Europe/Berlin", layers)
    began = process_time()
    assert len(gaps(schedule, 90)) > 60
    assert process_time() - began < 2  # around 0.1 s


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.sampled_from(RotationType),
    st.integers(0, 1_439),
    st.integers(0, 6),
    st.integers(1_310_000_000, 1_800_000_000),
    st.sampled_from([None, OFFICE, NIGHT]),
)
@settings(max_examples=60, deadline=None)
def test_a_timeline_has_no_hole_and_agrees_with_asking(zone, kind, time, day, start, restriction):
    begin = datetime.fromtimestamp(start, UTC)
    layer = Layer("one", (ALICE, BOB, CAROL), kind, day, time, begin, 5, restriction)
    schedule = OnCallSchedule(zone, (layer,))
    end = begin + timedelta(days=40)
    segments = on_call.timeline(schedule, begin, end)
    assert (segments[0].starts_at, segments[-1].ends_at) == (begin, end)
    assert all(one.ends_at == other.starts_at for one, other in pairwise(segments))
    assert all(one.on_call != other.on_call for one, other in pairwise(segments))
    for segment in segments:
        middle = segment.starts_at + (segment.ends_at - segment.starts_at) / 2
        last = segment.ends_at - timedelta(microseconds=1)
        for moment in (segment.starts_at, middle, last):
            assert on_call.on_call_at(schedule, moment) == segment.on_call
