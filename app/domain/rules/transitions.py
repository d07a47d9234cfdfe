"""The life of an alert: when it opens and resolves, what people may do to it, what it says."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.rules.conditions import comparisons
from app.domain.rules.evaluate import Verdict, explain
from app.domain.rules.history import History
from app.domain.rules.types import Comparison, Condition, Metric
from app.domain.types import Status

MAX_SNOOZE_MINUTES = 7 * 24 * 60


class AlertStatus(StrEnum):
    """Status of an alert."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Transition(StrEnum):
    """Transition of the alert of a rule and a service that a verdict brings about."""

    OPEN = "open"
    KEEP = "keep"
    RESOLVE = "resolve"
    REARM = "rearm"  # nothing to see: from now on the rule may fire again


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """Options of a rule about the life of its alerts."""

    auto_resolve: bool = True
    cooldown_minutes: int = 0


@dataclass(frozen=True, slots=True)
class RuleState:
    """State of a rule and a service between two verdicts."""

    is_open: bool = False  # there is an alert that is not resolved
    last_resolved_at: datetime | None = None
    awaits_fine: bool = False  # resolved by hand, and the condition has not been false since
    is_flapping: bool = False


class IllegalChange(Exception):
    """Change that is not possible for an alert in its status; the text says why."""


def next_transition(
    state: RuleState, verdict: Verdict, now: datetime, options: RuleOptions
) -> Transition:
    """Return what a verdict does.

    1. UNKNOWN does nothing.
    2. FINE resolves the open alert, unless the rule leaves that to people or the service is
       flapping: one alert then stands for the whole episode. Without an alert it rearms a rule
       whose last alert was resolved by hand.
    3. FIRING opens an alert, unless one is open, the condition has held ever since the last one
       was resolved by hand, or the cool-down after the last resolve is not over.
    """
    if verdict is Verdict.UNKNOWN:
        return Transition.KEEP
    if verdict is Verdict.FINE:
        if state.is_open:
            resolves = options.auto_resolve and not state.is_flapping
            return Transition.RESOLVE if resolves else Transition.KEEP
        return Transition.REARM if state.awaits_fine else Transition.KEEP
    if state.is_open or state.awaits_fine or _cools_down(state, now, options):
        return Transition.KEEP
    return Transition.OPEN


def _cools_down(state: RuleState, now: datetime, options: RuleOptions) -> bool:
    if state.last_resolved_at is None:
        return False
    return now < state.last_resolved_at + timedelta(minutes=options.cooldown_minutes)


def acknowledge(status: AlertStatus) -> AlertStatus:
    """Return the status after an acknowledgement. Raises IllegalChange for a resolved alert."""
    _open(status, "acknowledged")
    return AlertStatus.ACKNOWLEDGED


def snooze(status: AlertStatus, minutes: int, now: datetime) -> datetime:
    """Return until when an alert stays silent. Raises IllegalChange for a resolved alert."""
    _open(status, "snoozed")
    if not 1 <= minutes <= MAX_SNOOZE_MINUTES:
        raise IllegalChange(f"an alert can be snoozed for 1 to {MAX_SNOOZE_MINUTES} minutes")
    return now + timedelta(minutes=minutes)


def _open(status: AlertStatus, deed: str) -> None:
    if status is AlertStatus.RESOLVED:
        raise IllegalChange(f"a resolved alert cannot be {deed}")


def next_reminder_at(
    status: AlertStatus,
    fired_at: datetime,
    last_told_at: datetime,
    interval_minutes: int | None,
    snoozed_until: datetime | None = None,
) -> datetime | None:
    """Return when people are reminded next; None while nobody is to be reminded.

    Reminders stand on a grid from the firing on, so that a late one moves none of the others, and
    those missed meanwhile are folded into one. A snooze passes over what falls into it.
    """
    if interval_minutes is None or status is not AlertStatus.FIRING:
        return None
    interval = timedelta(minutes=interval_minutes)
    due = fired_at + interval * ((last_told_at - fired_at) // interval + 1)
    if snoozed_until is not None and due < snoozed_until:
        due = fired_at + interval * -((fired_at - snoozed_until) // interval)
    return due


def title(rule_name: str) -> str:
    """Return the title of an alert that a rule raised after a check."""
    return f"{rule_name} Triggered by Check"


def message(condition: Condition, history: History) -> str:
    """Return the text of an alert: the status of the check, its error, and what was asked."""
    check = history.latest
    outcome = "passed" if check.status is Status.GREEN else "failed"
    reasons = [check.error] if check.error else []
    if _asks_more(condition):
        reasons.append(explain(condition, history))
    said = f"Check {outcome} with status {check.status}"
    return f"{said}: {'; '.join(reasons)}" if reasons else said


def explanation(condition: Condition, history: History) -> str | None:
    """Return what was asked of a check, and found; None where its status says all of that.

    For people: states are called what the console calls them.
    """
    return explain(condition, history, plain=True) if _asks_more(condition) else None


def _asks_more(condition: Condition) -> bool:
    return any(_says_more(test) for test in comparisons(condition))


def _says_more(test: object) -> bool:
    # Of a test of the status alone, the first half of the message has said everything.
    return isinstance(test, Comparison) and (
        test.metric is not Metric.STATUS or test.qualifier is not None
    )
