"""When a service is due: the grid, catching up, and the spread."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checks.schedule import next_due, phase_ms, scheduled_slot, slot_at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "interval", "phase", "expected"),
    [
        (NOON, 60, 0, NOON + timedelta(seconds=60)),
        (NOON + timedelta(seconds=1), 60, 0, NOON + timedelta(seconds=60)),
        (NOON + timedelta(seconds=59.999), 60, 0, NOON + timedelta(seconds=60)),
        (NOON, 60, 5000, NOON + timedelta(seconds=5)),
        (NOON + timedelta(seconds=5), 60, 5000, NOON + timedelta(seconds=65)),
        (NOON, 10, 9999, NOON + timedelta(milliseconds=9999)),
    ],
)
def test_next_due_is_the_first_grid_point_after_now(now, interval, phase, expected):
    assert next_due(now, interval, phase) == expected


def test_runs_missed_in_half_an_hour_are_folded_into_one():
    due = NOON - timedelta(minutes=30)
    now = NOON + timedelta(seconds=7)
    slot = scheduled_slot(due, now, 60, 0)
    assert slot == NOON
    assert next_due(now, 60, 0) == NOON + timedelta(seconds=60)


def test_a_check_asked_for_by_hand_keeps_its_own_due_time():
    asked = NOON + timedelta(seconds=3.25)
    assert scheduled_slot(asked, asked + timedelta(seconds=0.1), 60, 0) == asked


@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    interval=st.integers(1, 86400),
    key=st.uuids(),
)
def test_the_grid_never_drifts_and_never_leaves_a_gap(moment, interval, key):
    now = moment.replace(tzinfo=UTC)
    phase = phase_ms(key, "default", interval)
    slot, due = slot_at(now, interval, phase), next_due(now, interval, phase)
    assert slot <= now < due
    assert due - slot == timedelta(seconds=interval)
    assert next_due(due, interval, phase) - due == timedelta(seconds=interval)


@given(key=st.uuids(), interval=st.integers(1, 86400))
def test_services_are_due_at_fifths_of_a_second(key, interval):
    phase = phase_ms(key, "default", interval)
    assert 0 <= phase < interval * 1000
    assert phase % 200 == 0


def test_services_of_the_shortest_interval_are_spread_over_the_second():
    phases = [phase_ms(uuid4(), "default", 1) for _ in range(2000)]
    assert set(phases) == set(range(0, 1000, 200))
    assert min(phases.count(phase) for phase in set(phases)) > 250


def test_services_created_together_are_spread_over_the_interval():
    phases = [phase_ms(uuid4(), "default", 10) for _ in range(2000)]
    per_second = [sum(1 for phase in phases if phase // 1000 == second) for second in range(10)]
    assert min(per_second) > 130
    assert max(per_second) < 280


def test_the_phase_is_stable_and_differs_between_regions():
    key = UUID("550e8400-e29b-41d4-a716-446655440000")
    assert phase_ms(key, "eu", 3600) == phase_ms(key, "eu", 3600)
    assert phase_ms(key, "eu", 3600) != phase_ms(key, "us", 3600)
