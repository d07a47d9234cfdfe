"""A gap in our own ability to receive pings never makes a heartbeat miss."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.heartbeats import heartbeats
from app.domain.heartbeats.schedules import parse
from app.domain.heartbeats.states import Heartbeat, HeartbeatStatus, Ping, PingKind

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOURLY = Heartbeat(parse("every 1h"), grace_seconds=300)
ON_THE_HOUR = Heartbeat(parse("0 * * * *"), grace_seconds=300)
LIMITED = Heartbeat(parse("every 1d"), max_runtime_seconds=1_800)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def intervals(gaps: list[tuple]) -> list[tuple[datetime, datetime]]:
    return [(at(begin), at(end)) for begin, end in gaps]


@pytest.mark.parametrize(
    ("heartbeat", "gaps", "minutes", "expected", "why"),
    [
        (HOURLY, [], 65, "missed", "without a gap"),
        (HOURLY, [(59, 64)], 65, "healthy", "the ping may have come in the gap"),
        (HOURLY, [(59, 64)], 123.9, "healthy", "so the next is awaited"),
        (HOURLY, [(59, 64)], 124, "late", "an hour after the gap at the latest"),
        (HOURLY, [(59, 64)], 129, "missed", "a job that is gone is found out all the same"),
        (HOURLY, [(56, 57)], 65, "healthy", "clocks differ: a little early is due as well"),
        (HOURLY, [(20, 21)], 65, "missed", "long before it was due"),
        (HOURLY, [(66, 70)], 70, "missed", "after it had been missed"),
        (HOURLY, [(30, 300)], 300, "healthy", "a long gap"),
        (HOURLY, [(30, 300)], 365, "missed", "after which it must come"),
        (HOURLY, [(59, 61), (63, 64)], 125.9, "late", "two gaps: either may have it"),
        (HOURLY, [(54, 55.5), (64, 64.9)], 124.9, "late", "the first of them before it came"),
        (HOURLY, [(59, 64), (118, 126)], 185, "healthy", "a second one excuses again"),
        (ON_THE_HOUR, [(59, 61)], 65, "healthy", "cron: due inside the gap"),
        (ON_THE_HOUR, [(59, 61)], 120, "late", "cron: expected at the next hour"),
        (ON_THE_HOUR, [(59, 61)], 125, "missed", "and missed then"),
        (ON_THE_HOUR, [(40, 50)], 65, "missed", "cron: nothing was due"),
    ],
)
def test_what_was_due_inside_a_gap_is_excused(heartbeat, gaps, minutes, expected, why):
    state = heartbeats.created(heartbeat, START)
    assert heartbeats.evaluate(heartbeat, state, at(minutes), intervals(gaps)).state.status == (
        expected
    ), why


def test_an_excuse_is_remembered_and_not_repeated():
    gaps, state = intervals([(59, 64)]), heartbeats.created(HOURLY, START)
    state = heartbeats.evaluate(HOURLY, state, at(65), gaps).state
    assert state.expected_at == at(124)
    assert heartbeats.evaluate(HOURLY, state, at(66), gaps).state == state, "the same gap again"
    assert heartbeats.evaluate(HOURLY, state, at(129)).state.status is HeartbeatStatus.MISSED


def test_a_short_period_is_not_excused_for_ever():
    often = Heartbeat(parse("every 30s"), grace_seconds=10)
    gaps, state = intervals([(0.4, 2)]), heartbeats.created(often, START)
    for seconds in range(120, 160):
        state = heartbeats.evaluate(often, state, at(seconds / 60), gaps).state
    assert state.status is HeartbeatStatus.LATE
    assert heartbeats.evaluate(often, state, at(161 / 60), gaps).state.status == "missed"


def test_a_gap_that_goes_on_excuses_as_long_as_it_lasts():
    state = heartbeats.created(HOURLY, START)
    for minutes in range(59, 400):
        state = heartbeats.evaluate(HOURLY, state, at(minutes), [(at(58), at(minutes))]).state
        assert state.status is HeartbeatStatus.HEALTHY


def test_what_is_down_already_stays_down():
    state = heartbeats.created(HOURLY, START)
    state = heartbeats.evaluate(HOURLY, state, at(65)).state
    after = heartbeats.evaluate(HOURLY, state, at(200), intervals([(66, 199)])).state
    assert after.status is HeartbeatStatus.MISSED


@pytest.mark.parametrize(
    ("gap", "expected", "why"),
    [
        ((15, 16), "healthy", "the end of the run may have come in it"),
        ((40, 41), "missed", "the run was overdue before"),
        ((5, 9), "missed", "the gap was over before the run began"),
        ((35, 45), "healthy", "it was due in the gap"),
    ],
)
def test_the_end_of_a_run_may_be_lost_in_a_gap(gap, expected, why):
    state = heartbeats.created(LIMITED, START)
    state = heartbeats.receive(LIMITED, state, Ping(at(9), PingKind.START)).state
    state = heartbeats.evaluate(LIMITED, state, at(39.5), intervals([gap] if gap[0] < 39 else []))
    assert state.state.status.value == expected, why


def test_a_run_in_a_gap_keeps_its_duration():
    state = heartbeats.created(LIMITED, START)
    state = heartbeats.receive(LIMITED, state, Ping(at(9), PingKind.START, run_id="a")).state
    state = heartbeats.evaluate(LIMITED, state, at(20), intervals([(15, 16)])).state
    assert state.status is HeartbeatStatus.RUNNING, "it may just as well go on"
    outcome = heartbeats.receive(LIMITED, state, Ping(at(30), PingKind.SUCCESS, run_id="a"))
    assert outcome.duration_ms == 21 * 60_000


@pytest.mark.parametrize(
    ("new", "minutes", "expected_at", "why"),
    [
        ("every 2h", 30, 120, "longer: from the last ping"),
        ("every 40m", 30, 40, "shorter, not yet due"),
        ("every 5m", 30, 35, "shorter, and long due: from the edit on"),
        ("30 * * * *", 20, 30, "another kind"),
    ],
)
def test_an_edit_is_not_held_against_the_job(new, minutes, expected_at, why):
    edited = Heartbeat(parse(new))
    state = heartbeats.rescheduled(edited, heartbeats.created(HOURLY, START), at(minutes))
    assert state.expected_at == at(expected_at), why
    assert heartbeats.evaluate(edited, state, at(minutes)).state.status is HeartbeatStatus.HEALTHY


@given(
    st.sampled_from([HOURLY, ON_THE_HOUR]),
    st.lists(st.tuples(st.integers(0, 700), st.integers(1, 90)), max_size=6),
    st.lists(st.integers(0, 4), min_size=12, max_size=12),
    st.integers(1, 7),
)
@settings(max_examples=60, deadline=None)
def test_a_job_that_pings_in_time_is_never_missed(heartbeat, blind, delays, tick):
    gaps = [(begin, begin + length) for begin, length in blind]
    arrivals = {60 * (hour + 1) + delay for hour, delay in enumerate(delays)}
    received = {m for m in arrivals if not any(begin <= m <= end for begin, end in gaps)}
    state = heartbeats.created(heartbeat, START)
    for minute in range(60 * 12):
        if minute in received:
            state = heartbeats.receive(heartbeat, state, Ping(at(minute), PingKind.SUCCESS)).state
        if minute % tick == 0:
            known = [(at(begin), at(min(end, minute))) for begin, end in gaps if begin <= minute]
            state = heartbeats.evaluate(heartbeat, state, at(minute), known).state
        assert not state.status.is_down


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(1, 30)), max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_dead_job_is_missed_one_period_after_the_last_gap_at_the_latest(blind):
    gaps = sorted((begin, begin + length) for begin, length in blind)
    end = max((end for _, end in gaps), default=0)
    state = heartbeats.created(HOURLY, START)
    for minute in range(0, end + 131, 5):
        known = [(at(begin), at(min(end, minute))) for begin, end in gaps if begin <= minute]
        state = heartbeats.evaluate(HOURLY, state, at(minute), known).state
    assert state.status is HeartbeatStatus.MISSED
