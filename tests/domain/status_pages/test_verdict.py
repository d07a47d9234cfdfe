"""The sentence on top, section sums, bars, notices and the colour made readable."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.maintenance.windows import Occurrence
from app.domain.status_pages import branding, slugs
from app.domain.status_pages.days import Day, bars
from app.domain.status_pages.maintenance import (
    Appearance,
    MaintenanceState,
    Notice,
    notices,
    withdrawn,
)
from app.domain.status_pages.sections import SectionRule, rolled
from app.domain.status_pages.types import ShownState as S
from app.domain.status_pages.verdict import Saying, Unit, verdict

NOW = datetime(2026, 11, 27, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("states", "saying", "count"),
    [
        ([], Saying.EMPTY, 0),
        ([S.UP, S.UP], Saying.ALL_WORK, 0),
        ([S.UP, S.WAITING, S.PAUSED], Saying.ALL_WORK, 0),
        ([S.WAITING], Saying.WAITING, 0),
        ([S.PAUSED], Saying.PAUSED, 0),
        ([S.DOWN], Saying.NAMED_DOWN, 1),
        ([S.DOWN] * 3 + [S.UP], Saying.NAMED_DOWN, 3),
        ([S.DOWN] * 4 + [S.UP], Saying.MANY_DOWN, 4),
        ([S.DOWN] * 4, Saying.ALL_DOWN, 4),
        ([S.DOWN, S.SLOW, S.UNKNOWN], Saying.NAMED_DOWN, 1),
        ([S.SLOW, S.MAINTENANCE], Saying.SLOW, 1),
        ([S.MAINTENANCE, S.UNKNOWN], Saying.MAINTENANCE, 1),
        ([S.UNKNOWN, S.UP], Saying.CANNOT_TELL_ABOUT, 1),
        ([S.UNKNOWN, S.UNKNOWN], Saying.CANNOT_TELL, 2),
        ([S.UNKNOWN] * 4 + [S.UP], Saying.CANNOT_TELL, 4),
    ],
)
def test_the_worst_state_decides(states, saying, count):
    found = verdict([Unit(f"S{i}", state) for i, state in enumerate(states)])
    assert (found.saying, found.count) == (saying, count)


def test_a_person_decides_over_what_was_measured():
    found = verdict([Unit("Shop", S.DOWN)], S.UP, NOW)
    assert (found.saying, found.state, found.stated_at) == (Saying.STATED_UP, S.UP, NOW)


@pytest.mark.parametrize(
    ("states", "rule", "percentage", "expected"),
    [
        ([S.UP, S.DOWN], SectionRule.ALL, 100, S.DOWN),
        ([S.UP, S.DOWN], SectionRule.ANY, 100, S.UP),
        ([S.SLOW, S.DOWN], SectionRule.ANY, 100, S.SLOW),
        ([S.DOWN, S.DOWN], SectionRule.ANY, 100, S.DOWN),
        ([S.UP, S.UP, S.DOWN], SectionRule.PERCENTAGE, 66, S.UP),
        ([S.UP, S.UP, S.DOWN], SectionRule.PERCENTAGE, 67, S.DOWN),
        ([S.UP, S.UNKNOWN], SectionRule.PERCENTAGE, 100, S.UNKNOWN),
        ([S.UP, S.PAUSED], SectionRule.PERCENTAGE, 100, S.UP),
        ([], SectionRule.ANY, 100, S.WAITING),
    ],
)
def test_a_section_can_be_summed_up(states, rule, percentage, expected):
    assert rolled(states, rule, percentage) is expected


def test_any_downtime_shows_and_is_never_rounded_away():
    first = date(2026, 11, 1)
    days = [Day(first + timedelta(days=i), up_ms=86_400_000) for i in range(90)]
    days[3] = Day(first + timedelta(days=3), up_ms=86_399_500, down_ms=500)
    found = bars(days)
    assert found.states[3] == "d"
    assert (found.down_seconds, found.percentage, found.failures) == ({3: 1}, 99.99, 1)
    assert bars([Day(first)]).percentage is None
    young = bars([Day(first), Day(first + timedelta(days=1), up_ms=10_000)])
    assert (young.states, young.known_since) == ("nu", first + timedelta(days=1))


@pytest.mark.parametrize("color", ["#ffe600", "#fff", "#2563eb", "#000000", "#808080"])
@pytest.mark.parametrize("ground", [branding.LIGHT_GROUND, branding.DARK_GROUND])
def test_every_colour_can_be_read(color, ground):
    assert branding.contrast(branding.readable(color, ground), ground) >= 4.5


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("Status.Example.com", "status.example.com"),
        ("status.example.com.:8080", "status.example.com"),
        ("status.example.com:80:80", ""),
        ("evil@status.example.com", ""),
        ("[::1]:80", ""),
        ("", ""),
    ],
)
def test_hosts_are_compared_as_names(header, host):
    assert slugs.requested_host(header) == host


def appearance(hours, state, lasting=2):
    begin = NOW + timedelta(hours=hours)
    return Appearance(Occurrence(begin, begin + timedelta(hours=lasting)), state)


COMING, SOON = appearance(72, MaintenanceState.COMING), appearance(20, MaintenanceState.COMING)
RUNNING, DONE = appearance(-1, MaintenanceState.RUNNING), appearance(-3, MaintenanceState.DONE)

LONGER = appearance(72, MaintenanceState.COMING, 5)
RUNS_ON = appearance(-1, MaintenanceState.RUNNING, 9)


def sent(one, *kinds):
    return {one.occurrence.starts_at: dict.fromkeys(kinds, one.occurrence.ends_at)}


@pytest.mark.parametrize(
    ("shown", "before", "expected"),
    [
        ([COMING], {}, [Notice.ANNOUNCED]),
        ([COMING, appearance(96, MaintenanceState.COMING)], {}, [Notice.ANNOUNCED]),
        ([COMING], sent(COMING, Notice.ANNOUNCED), []),
        ([SOON], sent(SOON, Notice.ANNOUNCED), [Notice.REMINDER]),
        ([SOON], sent(SOON, Notice.ANNOUNCED, Notice.REMINDER), []),
        ([LONGER], sent(COMING, Notice.ANNOUNCED), [Notice.CHANGED]),
        ([RUNNING], sent(RUNNING, Notice.ANNOUNCED), [Notice.STARTED]),
        ([RUNS_ON], sent(RUNNING, Notice.STARTED), [Notice.CHANGED]),
        ([DONE], sent(DONE, Notice.STARTED), [Notice.ENDED]),
        ([DONE], {}, []),
        ([], sent(COMING, Notice.ANNOUNCED), [Notice.CANCELLED]),
        ([], sent(COMING, Notice.ANNOUNCED, Notice.CANCELLED), []),
        ([COMING], sent(COMING, Notice.ANNOUNCED, Notice.CANCELLED), [Notice.ANNOUNCED]),
    ],
)  # fmt: skip
def test_each_notice_once(shown, before, expected):
    created_at = NOW - timedelta(days=9)
    for comes_once in (False, True):
        found = notices(shown, before, created_at, NOW, comes_once=comes_once)
        assert [notice for notice, _ in found] == expected


@pytest.mark.parametrize(
    ("shown", "before", "once", "each"),
    [
        ([SOON], sent(COMING, Notice.ANNOUNCED), [Notice.CHANGED],
         [Notice.ANNOUNCED, Notice.CANCELLED]),
        ([RUNNING], sent(COMING, Notice.ANNOUNCED), [Notice.STARTED],
         [Notice.STARTED, Notice.CANCELLED]),
        ([DONE], sent(COMING, Notice.ANNOUNCED), [Notice.CANCELLED], [Notice.CANCELLED]),
    ],
)  # fmt: skip
def test_maintenance_that_comes_once_is_moved(shown, before, once, each):
    for expected, comes_once in ((once, True), (each, False)):
        found = notices(shown, before, NOW - timedelta(days=9), NOW, comes_once=comes_once)
        assert [notice for notice, _ in found] == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ({}, []),
        (sent(COMING, Notice.ANNOUNCED), [Notice.CANCELLED]),
        (sent(COMING, Notice.ANNOUNCED, Notice.CANCELLED), []),
        (sent(RUNNING, Notice.ANNOUNCED), [Notice.CANCELLED]),  # nobody was told that it began
        (sent(RUNNING, Notice.ANNOUNCED, Notice.STARTED), [Notice.ENDED]),
        (sent(DONE, Notice.STARTED, Notice.ENDED), []),
        (sent(DONE, Notice.ANNOUNCED), []),
    ],
)
def test_what_is_told_when_a_window_goes(before, expected):
    assert [notice for notice, _ in withdrawn(before, NOW)] == expected
