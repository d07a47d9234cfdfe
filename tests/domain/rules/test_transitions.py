from datetime import UTC, datetime, timedelta

import pytest

from app.domain.rules import conditions, transitions
from app.domain.rules.evaluate import Verdict
from app.domain.rules.history import History, Point
from app.domain.rules.transitions import (
    AlertStatus,
    IllegalChange,
    RuleOptions,
    RuleState,
    Transition,
)
from app.domain.types import Status

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
FIRING, FINE, UNKNOWN = Verdict.FIRING, Verdict.FINE, Verdict.UNKNOWN
OPEN, KEEP, RESOLVE, REARM = (
    Transition.OPEN,
    Transition.KEEP,
    Transition.RESOLVE,
    Transition.REARM,
)
USUAL = RuleOptions()
BY_HAND = RuleOptions(auto_resolve=False)
COOL = RuleOptions(cooldown_minutes=10)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("state", "verdict", "options", "expected", "why"),
    [
        (RuleState(), FIRING, USUAL, OPEN, "the first failure"),
        (RuleState(), FINE, USUAL, KEEP, "all is well"),
        (RuleState(), UNKNOWN, USUAL, KEEP, "too little is known to fire"),
        (RuleState(is_open=True), FIRING, USUAL, KEEP, "one alert at a time"),
        (RuleState(is_open=True), FINE, USUAL, RESOLVE, "recovery resolves by itself"),
        (RuleState(is_open=True), UNKNOWN, USUAL, KEEP, "too little is known to resolve"),
        (RuleState(is_open=True), FINE, BY_HAND, KEEP, "only people resolve this one"),
        (RuleState(last_resolved_at=ago(1)), FIRING, USUAL, OPEN, "no cool-down asked for"),
        (RuleState(last_resolved_at=ago(9.9)), FIRING, COOL, KEEP, "inside the cool-down"),
        (RuleState(last_resolved_at=ago(10)), FIRING, COOL, OPEN, "it is over"),
        (RuleState(), FIRING, COOL, OPEN, "nothing to cool down from"),
        (RuleState(awaits_fine=True), FIRING, USUAL, KEEP, "it never stopped failing"),
        (RuleState(awaits_fine=True), UNKNOWN, USUAL, KEEP, "blindness is not recovery"),
        (RuleState(awaits_fine=True), FINE, USUAL, REARM, "false once: it may fire anew"),
        (RuleState(awaits_fine=True), FINE, BY_HAND, REARM, "with that option as well"),
        (RuleState(awaits_fine=True, last_resolved_at=ago(60)), FIRING, COOL, KEEP, "both hold"),
        (RuleState(is_open=True, is_flapping=True), FINE, USUAL, KEEP, "one alert an episode"),
        (RuleState(is_open=True, is_flapping=True), FIRING, USUAL, KEEP, "and the same one"),
        (RuleState(is_flapping=True), FIRING, USUAL, OPEN, "which opens like any other"),
    ],
)
def test_next_transition(state, verdict, options, expected, why):
    assert transitions.next_transition(state, verdict, NOW, options) is expected, why


@pytest.mark.parametrize("status", AlertStatus)
def test_what_people_may_do(status):
    if status is AlertStatus.RESOLVED:
        with pytest.raises(IllegalChange, match="cannot be acknowledged"):
            transitions.acknowledge(status)
        with pytest.raises(IllegalChange, match="cannot be snoozed"):
            transitions.snooze(status, 5, NOW)
    else:
        assert transitions.acknowledge(status) is AlertStatus.ACKNOWLEDGED
        assert transitions.snooze(status, 5, NOW) == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("minutes", [0, -1, transitions.MAX_SNOOZE_MINUTES + 1])
def test_a_snooze_is_bounded(minutes):
    with pytest.raises(IllegalChange, match="for 1 to 10080 minutes"):
        transitions.snooze(AlertStatus.FIRING, minutes, NOW)


ACKED = AlertStatus.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("status", "told", "interval", "snoozed", "expected", "why"),
    [
        (AlertStatus.FIRING, 60, 10, None, -10, "the first, ten minutes after the firing"),
        (AlertStatus.FIRING, 50, 10, None, -20, "the second, ten after the first"),
        (AlertStatus.FIRING, 49.5, 10, None, -20, "told late: the next is not moved"),
        (AlertStatus.FIRING, 41, 10, None, -20, "told very late: still before the next"),
        (AlertStatus.FIRING, 31, 10, None, -30, "one missed meanwhile is folded in"),
        (AlertStatus.FIRING, 60, None, None, None, "no reminders asked for"),
        (ACKED, 60, 10, None, None, "somebody is on it"),
        (AlertStatus.RESOLVED, 60, 10, None, None, "it is over"),
        (AlertStatus.FIRING, 60, 10, 36, -30, "a snooze passes over two"),
        (AlertStatus.FIRING, 60, 10, 30, -30, "the end of a snooze is no longer snoozed"),
        (AlertStatus.FIRING, 20, 10, 36, -50, "a snooze that is over changes nothing"),
        (AlertStatus.FIRING, 60, 10, -36, -100, "a snooze into the future"),
    ],
)
def test_next_reminder_at(status, told, interval, snoozed, expected, why):
    fired = ago(60)
    until = None if snoozed is None else ago(snoozed)
    due = transitions.next_reminder_at(status, fired, ago(told), interval, until)
    assert due == (None if expected is None else fired - timedelta(minutes=expected)), why


def test_a_title_names_the_rule():
    assert transitions.title("API Down") == "API Down Triggered by Check"


@pytest.mark.parametrize(
    ("source", "point", "expected"),
    [
        ({}, Point(NOW, Status.RED), "Check failed with status RED"),
        (
            "status == RED",
            Point(NOW, Status.RED, error="connection refused"),
            "Check failed with status RED: connection refused",
        ),
        (
            {},
            Point(NOW, Status.YELLOW, error="slow: 1200 ms"),
            "Check failed with status YELLOW: slow: 1200 ms",
        ),
        (
            "response_time > 800",
            Point(NOW, Status.GREEN, 912.0),
            "Check passed with status GREEN: response time is above 800 ms"
            " (response time is 912 ms)",
        ),
        (
            {"metric": "status", "operator": "in", "value": ["RED"], "for_checks": 2},
            Point(NOW, Status.RED, error="timed out"),
            "Check failed with status RED: timed out; status is RED for 2 checks",
        ),
        (
            "!body_contains('ok')",
            Point(NOW, Status.GREEN, body_texts={"ok": False}),
            'Check passed with status GREEN: body does not contain "ok"',
        ),
    ],
)
def test_a_message_says_what_was_seen(source, point, expected):
    assert transitions.message(conditions.parse(source), History(point)) == expected


@pytest.mark.parametrize(
    ("source", "point", "expected"),
    [
        ("status == RED", Point(NOW, Status.RED, error="connection refused"), None),
        ({}, Point(NOW, Status.YELLOW, error="slow: 1200 ms"), None),
        (
            {"metric": "status", "operator": "in", "value": ["RED", "YELLOW"], "for_checks": 2},
            Point(NOW, Status.RED, error="timed out"),
            "status is Down or Slow for 2 checks",
        ),
        (
            {
                "all": [
                    {},
                    {"not": {"metric": "status", "operator": "==", "value": "GREEN"}},
                    {"metric": "response_time_ms", "operator": ">", "value": 800},
                ]
            },
            Point(NOW, Status.YELLOW, 912.0),
            "status is Down or Slow and status is not Up and response time is above 800 ms"
            " (response time is 912 ms)",
        ),
    ],
)
def test_an_explanation_calls_states_as_people_do(source, point, expected):
    assert transitions.explanation(conditions.parse(source), History(point)) == expected
