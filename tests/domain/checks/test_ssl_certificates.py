"""When a certificate's end is told."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.checks.ssl_certificates import EXPIRED, WARNING_DAYS, due_notice, severity

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days_left", "told", "due"),
    [
        (90, (), None),
        (30.01, (), None),
        (30, (), 30),
        (29.9, (30,), None),
        (14.01, (30,), None),
        (14, (30,), 14),
        (7, (30, 14), 7),
        (3, (30, 14, 7), 3),
        (1, (30, 14, 7, 3), 1),
        (0.01, (30, 14, 7, 3, 1), None),
        (0, (30, 14, 7, 3, 1), EXPIRED),
        (-100, (30, 14, 7, 3, 1, EXPIRED), None),
        (5, (), 7),  # first seen late: once, at the closest
        (5, (7,), None),
        (2.5, (7,), 3),
        (-1, (), EXPIRED),  # first seen when it had ended
        (5, (30,), 7),  # nobody looked for weeks
        (13, (7,), None),  # our clock was set back
    ],
)
def test_the_closest_threshold_is_told_once(days_left, told, due):
    assert due_notice(NOW + timedelta(days=days_left), NOW, told) == due


def test_each_threshold_comes_once_in_the_life_of_a_certificate():
    told: list[int] = []
    for hours in range(40 * 24, -48, -1):
        due = due_notice(NOW + timedelta(hours=hours), NOW, told)
        if due is not None:
            told.append(due)
    assert told == [*WARNING_DAYS, EXPIRED]


def test_two_weeks_before_the_end_it_becomes_serious():
    found = {days: severity(days) for days in (*WARNING_DAYS, EXPIRED)}
    assert found == {
        30: "info",
        14: "warning",
        7: "warning",
        3: "warning",
        1: "warning",
        EXPIRED: "critical",
    }
