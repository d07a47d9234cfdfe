"""The database's clock, carried forward: readings under load are late by what they took."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.database_clock import DatabaseClock

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_it_runs_on_between_readings():
    clock = DatabaseClock()
    clock.read(NOON, 100.0, 100.0)
    assert clock.now(107.5) == after(7.5)


def test_a_reading_that_took_long_does_not_turn_it_back():
    clock = DatabaseClock()
    clock.read(NOON, 100.0, 100.001)
    before = clock.now(103.0)
    clock.read(after(1), 101.0, 103.0)  # read at 101, answered two seconds later
    assert clock.now(103.0) == before


@pytest.mark.parametrize(("reading", "expected"), [(-60, -58), (3600, 3601.999)])
def test_it_follows_a_database_whose_clock_was_set(reading, expected):
    clock = DatabaseClock()
    clock.read(NOON, 100.0, 100.0)
    clock.read(after(reading), 102.0, 102.001)
    assert abs((clock.now(104.0) - after(expected)).total_seconds()) < 0.01


def test_it_follows_a_drift():
    clock = DatabaseClock()
    for second in range(1000):
        clock.read(after(second * 1.001), 100.0 + second, 100.002 + second)
    assert abs((clock.now(1099.0) - after(999 * 1.001)).total_seconds()) < 0.01


def test_a_clock_that_was_never_read_says_so():
    with pytest.raises(RuntimeError):
        DatabaseClock().now(1.0)
