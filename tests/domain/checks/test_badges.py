"""Badges: uptime from the history of changes, and how figures are written."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain import types
from app.domain.checks import badges
from app.domain.checks.badges import BadgeTone
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
def test_uptime_on_badges(changes, status, expected):
    found = badges.uptime(START, at(10), [(at(h), was, now) for h, was, now in changes], status)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("percentage", "value", "tone"),
    [
        (100, "100%", BadgeTone.GOOD),
        (99.999, "99.99%", BadgeTone.GOOD),
        (98.5, "98.50%", BadgeTone.FAIR),
        (10, "10.00%", BadgeTone.BAD),
        (0.004, "0.01%", BadgeTone.BAD),
        (0, "0.00%", BadgeTone.BAD),
        (None, "unknown", BadgeTone.NONE),
    ],
)
def test_an_uptime_is_never_rounded_to_all_or_nothing(percentage, value, tone):
    badge = badges.of_uptime("x", percentage)
    assert (badge.value, badge.tone) == (value, tone)


def test_hundredths_stay_what_they_are():
    for hundredths in range(10_000):
        whole, rest = divmod(hundredths, 100)
        assert badges.of_uptime("x", hundredths / 100).value == f"{whole}.{rest:02}%"


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
def test_response_times_on_badges(milliseconds, value):
    assert badges.of_duration("x", milliseconds).value == value


@pytest.mark.parametrize("status", types.Status)
@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("in_maintenance", [True, False])
def test_every_status_of_a_service_has_a_badge(status, is_active, in_maintenance):
    found = badges.of_service("x", status, is_active=is_active, in_maintenance=in_maintenance)
    if not is_active:
        assert (found.value, found.tone) == ("paused", BadgeTone.NONE)
    elif in_maintenance:
        assert (found.value, found.tone) == ("maintenance", BadgeTone.NONE)
    else:
        assert (found.value == "up") == (status is types.Status.GREEN)
        assert (found.tone is BadgeTone.BAD) == (status is types.Status.RED)


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_tone(status):
    assert badges.of_status("x", status).value == status.value
