"""The words of status pages: states of services, of incidents, ways to subscribe."""

from enum import StrEnum

LANGUAGES = ("en", "de", "fr", "es", "pt", "nl", "pl", "it", "ja")


class ShownState(StrEnum):
    """How a page shows a service, the worst last but for those that say nothing."""

    UP = "up"
    SLOW = "slow"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    PAUSED = "paused"


# What a person may say of a service in an incident.
STATED = (ShownState.UP, ShownState.SLOW, ShownState.DOWN, ShownState.MAINTENANCE)
OF_STATUS = {
    "GREEN": ShownState.UP,
    "YELLOW": ShownState.SLOW,
    "RED": ShownState.DOWN,
    "UNKNOWN": ShownState.UNKNOWN,
    "PENDING": ShownState.WAITING,
}


class IncidentStatus(StrEnum):
    """Where an incident stands, in the order in which it goes on."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How bad an incident is."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class AutoIncidents(StrEnum):
    """What becomes of a critical alert that stands."""

    OFF = "off"
    DRAFT = "draft"
    PUBLISH = "publish"


class Way(StrEnum):
    """How a subscriber is told."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"
    DISCORD = "discord"
    TEAMS = "teams"


class Wants(StrEnum):
    """What a subscriber is told of."""

    EVERYTHING = "everything"
    INCIDENTS = "incidents"
    MAINTENANCE = "maintenance"
