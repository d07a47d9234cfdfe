"""Badges: uptime from the history of changes, and how figures are written."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.checks import badges
from app.domain.checks.badges import Tone
from app.domain.heartbeats.states import HeartbeatStatus as Status

START = datetime(2026, 3, 2, tzinfo=UTC)
UP, DOWN, OFF = Status.HEALTHY, Status.MISSED, Status.PAUSED


def at(hour):
    return START + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("changes", "status", "expected"),
    [
        ([], UP, 100),
        ([], DOWN, 0),
        ([], OFF, None),
        ([(5, UP, DOWN)], DOWN, 50),
        ([(5, Status.LATE, Status.FAILED), (6, Status.FAILED, UP)], Status.RUNNING, 90),
        ([(5, DOWN, UP)], UP, 50),
        ([(2, UP, OFF), (8, OFF, UP)], UP, 100),
        ([(2, UP, OFF), (9, OFF, UP), (9.5, UP, DOWN)], DOWN, 100 * 2.5 / 3),
        ([(5, DOWN, Status.FAILED)], Status.FAILED, 0),
        ([(-1, UP, DOWN)], DOWN, 0),
    ],
)
def test_uptime(changes, status, expected):
    found = badges.uptime(START, at(10), [(at(h), was, now) for h, was, now in changes], status)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("percentage", "value", "tone"),
    [
        (100, "100%", Tone.GOOD),
        (99.999, "99.99%", Tone.GOOD),
        (98.5, "98.50%", Tone.FAIR),
        (10, "10.00%", Tone.BAD),
        (None, "unknown", Tone.NONE),
    ],
)
def test_an_uptime_is_never_rounded_up(percentage, value, tone):
    badge = badges.of_uptime("x", percentage)
    assert (badge.value, badge.tone) == (value, tone)


@pytest.mark.parametrize(
    ("milliseconds", "value"),
    [
        (0.2, "0 ms"),
        (999, "999 ms"),
        (1_500, "1.5 s"),
        (61_000, "1 min 1 s"),
        (7_260_000, "2 h 1 min"),
        (None, "unknown"),
    ],
)
def test_durations(milliseconds, value):
    assert badges.of_duration("x", milliseconds).value == value


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_tone(status):
    assert badges.of_status("x", status).value == status.value
