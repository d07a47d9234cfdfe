"""Pings a moment before their cron time: the clock of their host is ahead of ours."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.heartbeats import heartbeats
from app.domain.heartbeats.schedules import parse
from app.domain.heartbeats.states import Heartbeat, Ping, PingKind

NIGHT = datetime(2026, 3, 2, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def nightly(schedule="0 2 * * *", **fields):
    return Heartbeat(parse(schedule), **({"grace_seconds": 300} | fields))


def after(heartbeat, *pings, since=NIGHT - timedelta(hours=5)):
    """Return the state after pings: (seconds after 02:00, kind)."""
    state = heartbeats.created(heartbeat, since)
    for seconds, kind in pings:
        at = NIGHT + timedelta(seconds=seconds)
        state = heartbeats.evaluate(heartbeat, state, at).state
        state = heartbeats.receive(heartbeat, state, Ping(at, PingKind(kind))).state
    return state


def status_at(heartbeat, state, **later):
    return heartbeats.evaluate(heartbeat, state, NIGHT + timedelta(**later)).state.status.value


@pytest.mark.parametrize("early", [0.001, 0.8, 59.9, 60])
@pytest.mark.parametrize("kind", ["success", "start"])
def test_a_success_or_a_start_a_moment_early_meets_its_time(early, kind):
    heartbeat = nightly()
    state = after(heartbeat, (-early, kind))
    expected = "healthy" if kind == "success" else "running"
    assert status_at(heartbeat, state, minutes=10) == expected
    assert status_at(heartbeat, state, hours=24, minutes=4) != "missed"
    assert status_at(heartbeat, state, hours=24, minutes=6) == "missed", "the next one is owed"


def test_a_run_that_starts_and_ends_early_meets_it_once():
    heartbeat = nightly()
    state = after(heartbeat, (-0.8, "start"), (-0.3, "success"))
    assert status_at(heartbeat, state, minutes=10) == "healthy"
    assert state.expected_at == NIGHT + DAY


@pytest.mark.parametrize(
    ("schedule", "grace", "most"),
    [
        ("0 2 * * *", 300, 60),
        ("0 2 * * *", 30, 15),
        ("0 2 * * *", 0, 0),
        ("* * * * *", 300, 30),
        ("*/5 * * * *", 40, 20),
    ],
)
def test_how_early_is_bounded_by_period_and_grace(schedule, grace, most):
    heartbeat = nightly(schedule, grace_seconds=grace)
    since = NIGHT - timedelta(seconds=most + 0.5)
    next_one = heartbeats.created(heartbeat, NIGHT).expected_at
    if most:
        state = after(heartbeat, (-most, "success"), since=since)
        assert state.expected_at == next_one
    state = after(heartbeat, (-most - 0.1, "success"), since=since)
    assert state.expected_at == NIGHT


def test_while_an_earlier_time_is_owed_it_is_that_one():
    heartbeat = nightly("*/10 * * * *", grace_seconds=1200)
    state = after(heartbeat, (-10, "success"), since=NIGHT - timedelta(seconds=610))
    assert state.expected_at == NIGHT


def test_after_a_miss_the_next_run_a_moment_early_recovers_for_good():
    heartbeat = nightly()
    state = heartbeats.created(heartbeat, NIGHT - timedelta(hours=5))
    state = heartbeats.evaluate(heartbeat, state, NIGHT + timedelta(minutes=6)).state
    assert state.status.value == "missed"
    at = NIGHT + DAY - timedelta(seconds=0.8)
    state = heartbeats.receive(heartbeat, state, Ping(at, PingKind.SUCCESS)).state
    assert status_at(heartbeat, state, days=1, minutes=10) == "healthy"


def test_an_edit_does_not_ask_again_for_the_time_that_was_met():
    heartbeat = nightly()
    state = after(heartbeat, (-0.8, "success"))
    edited = nightly(grace_seconds=600)
    state = heartbeats.rescheduled(edited, state, NIGHT + timedelta(minutes=20))
    assert state.expected_at == NIGHT + DAY


def test_a_failure_early_is_a_failure():
    heartbeat = nightly()
    assert after(heartbeat, (-0.8, "fail")).status.value == "failed"


def test_periods_count_from_the_ping():
    heartbeat = nightly("every 1h")
    state = after(heartbeat, (-0.8, "success"), since=NIGHT - timedelta(hours=1))
    assert state.expected_at == NIGHT + timedelta(hours=1, seconds=-0.8)
