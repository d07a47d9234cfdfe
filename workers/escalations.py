"""Standing chores of alerts: escalation levels, reminders, releases."""

from app.operations import escalations, reminders, suppression
from workers.job import job


@job
def advance() -> None:
    """Act on overdue levels, reminders, and hidden alerts that outlived their root cause."""
    escalations.advance_due()
    reminders.remind_due()
    suppression.release()
