"""Standing chores of alerts: escalation levels, reminders, releases."""

from app.operations.alerts import reminders, snoozes, suppression
from app.operations.escalation import levels as escalation_levels
from workers.job import chore


@chore
def advance() -> None:
    """Act on overdue levels, reminders, ends of snoozes, and what outlived its root cause."""
    escalation_levels.advance_due()
    reminders.remind_due()
    snoozes.end_due()
    suppression.release()
