"""Periodic jobs of alerts: escalation levels, reminders, releases."""

import logging

from app.operations.alerts import open_alerts, reminders, snoozes, suppression
from app.operations.escalation import levels as escalation_levels
from app.operations.health import ticks
from app.operations.notifications import unreached
from app.platform.bootstrap import runtime
from workers.job import periodic_job
from workers.watchdog import Host

log = logging.getLogger(__name__)

_BEHIND_SECONDS = 10.0  # the tick comes every five while alerts are open
_LOOK_SECONDS = 2.0


@periodic_job()
def advance() -> None:
    """Act on overdue levels, reminders, ends of snoozes, what outlived its root cause, messages
    that do not get through."""
    escalation_levels.advance_due()
    reminders.remind_due()
    snoozes.end_due()
    suppression.release()
    unreached.pass_on()


def host() -> Host:
    """Return what a watchdog needs to escalate where ticks do not get through."""
    name = escalation_levels.ADVANCE_JOB
    return Host(
        is_running=lambda: False,
        due_for_seconds=_due_for_seconds,
        hint=lambda: runtime().hints.work(name),
        run=_advance_here,
        every_seconds=_LOOK_SECONDS,
    )


def _due_for_seconds() -> float | None:
    # Without open alerts the tick comes more rarely.
    if open_alerts.are_any_open() and ticks.is_behind(
        escalation_levels.ADVANCE_JOB, _BEHIND_SECONDS
    ):
        return 0.0
    return None


def _advance_here() -> None:
    try:
        advance()
    except Exception:
        log.exception("escalation failed; the next tick tries again")
