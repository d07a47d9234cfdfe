"""Levels that wait for the end of a snooze, of maintenance, or of our own absence."""

from datetime import timedelta

import pytest

from app.operations.escalation import levels as escalation_levels
from app.platform.clock import utcnow
from tests.alerting import make_channel, make_policy, make_window
from tests.factories import make_service
from tests.recording import check, observe


@pytest.fixture
def alert(context, alice):
    """An alert whose policy has levels at 0, 5, 10 and 15 minutes; the first has acted."""
    lines = [
        {
            "level": number,
            "delay_minutes": 5 * (number - 1),
            "notify_type": "channel",
            "notify_id": make_channel(alice, name=f"Level {number}")["id"],
        }
        for number in (1, 2, 3, 4)
    ]
    make_policy(alice, rules=lines, is_default=True)
    check(make_service(alice), utcnow(), observe("R"))
    escalation_levels.advance_due()
    (found,) = alice.get("/alerts").json
    assert found["escalation"]["level"] == 1
    return found


@pytest.fixture
def pass_time(rows):
    """Let minutes go by; every level acts whose time has come, as often as the tick looks."""

    def pass_time(minutes):
        by = timedelta(minutes=minutes)
        rows("UPDATE escalation_levels SET due_at = due_at - %s", by)
        rows("UPDATE alerts SET snoozed_until = snoozed_until - %s", by)
        for _ in range(6):
            escalation_levels.advance_due()
        return [
            n
            for (n,) in rows(
                "SELECT level FROM escalation_levels WHERE status = 'done' ORDER BY level"
            )
        ]

    return pass_time


def test_without_a_hindrance_levels_act_in_their_time(alert, pass_time):
    assert pass_time(4) == [1]
    assert pass_time(2) == [1, 2]
    assert pass_time(5) == [1, 2, 3]


def test_levels_keep_their_distances_from_the_end_of_a_snooze(alice, alert, pass_time):
    pass_time(2)
    alice.post(f"/alerts/{alert['id']}/snooze", {"minutes": 60})
    assert pass_time(59) == [1]
    assert pass_time(1.5) == [1], "level 2 has three minutes left, as it had before"
    assert pass_time(3) == [1, 2]
    assert pass_time(4) == [1, 2]
    assert pass_time(1.5) == [1, 2, 3]


@pytest.mark.parametrize(("minutes", "left"), [(30, 30), (90, 90)])
def test_a_snooze_that_is_changed_counts_once(alice, alert, pass_time, minutes, left):
    alice.post(f"/alerts/{alert['id']}/snooze", {"minutes": 60})
    alice.post(f"/alerts/{alert['id']}/snooze", {"minutes": minutes})
    found = alice.get(f"/alerts/{alert['id']}").json["escalation"]["next_level_at"]
    expected = utcnow() + timedelta(minutes=left + 5)
    assert found[:16] in (
        (expected - timedelta(minutes=1)).isoformat()[:16],
        expected.isoformat()[:16],
    )
    assert pass_time(left + 4) == [1]
    assert pass_time(1) == [1, 2]


def test_after_maintenance_they_do_not_act_all_at_once(alice, alert, pass_time):
    window = make_window(alice)
    assert pass_time(60) == [1]
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert pass_time(0) == [1, 2]
    assert pass_time(4.5) == [1, 2]
    assert pass_time(1) == [1, 2, 3]
    assert pass_time(5) == [1, 2, 3, 4]


def test_nor_after_a_time_in_which_nobody_escalated(alert, pass_time):
    assert pass_time(60) == [1, 2]
    assert pass_time(5.1) == [1, 2, 3]
