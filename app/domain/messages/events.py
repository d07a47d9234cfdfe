"""The events that channels subscribe to, and how much each of them weighs."""

from collections.abc import Collection

SEVERITIES = ("critical", "warning", "info")  # the worst first

# What a channel hears of that names no events.
DEFAULT_EVENTS = (
    "alert.fired",
    "alert.acknowledged",
    "alert.resolved",
    "alert.reminder",
    "alert.escalated",
)
EVENTS = (
    *DEFAULT_EVENTS,
    "service.status_changed",
    "heartbeat.missed",
    "heartbeat.recovered",
    "ssl.expiring",
    "ssl.expired",
    "ssl.changed",
    "maintenance.started",
    "maintenance.ended",
    "incident.created",
    "incident.updated",
    "incident.resolved",
)

# What tells that an alert has begun, or goes on; `alert.notified` is told because somebody asks.
BEGINNINGS = ("alert.fired", "alert.escalated", "alert.reminder", "alert.notified")

# Who wants the warning wants the end.
_IMPLIED = {"ssl.expiring": ("ssl.expired",)}
_WEIGHTS = {"heartbeat.missed": "critical", "ssl.expiring": "warning", "ssl.expired": "critical"}
_RANKS = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def wanted(events: Collection[str]) -> frozenset[str]:
    """Return what a channel hears of: the events it names and what they imply, or the defaults."""
    named = events or DEFAULT_EVENTS
    return frozenset(named).union(*(_IMPLIED.get(event, ()) for event in named))


def rank(severity: str) -> int:
    """Return where a severity stands, 0 for the worst. Raises KeyError for no severity."""
    return _RANKS[severity]


def is_at_least(severity: str, least: str) -> bool:
    """Say whether a severity is as bad as another one or worse."""
    return rank(severity) <= rank(least)


def usual_severity(event: str) -> str:
    """Return the severity of an event that brings none of its own."""
    return _WEIGHTS.get(event, "info")
