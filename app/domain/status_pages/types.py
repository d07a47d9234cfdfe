"""The words of status pages: states of services, of incidents, ways to subscribe."""

from enum import StrEnum

LANGUAGES = ("en", "de", "fr", "es", "pt", "nl", "pl", "it", "ja")


class ShownState(StrEnum):
    """State of a service on a page, the worst last but for those that say nothing."""

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
    """Status of an incident, in the order in which it goes on."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """Severity of an incident."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class AutoIncidents(StrEnum):
    """Policy of incidents for critical alerts that stay open."""

    OFF = "off"
    DRAFT = "draft"
    PUBLISH = "publish"


class Way(StrEnum):
    """Way a subscriber is notified."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"
    DISCORD = "discord"
    TEAMS = "teams"


class Wants(StrEnum):
    """Topics that a subscriber wants to hear of."""

    EVERYTHING = "everything"
    INCIDENTS = "incidents"
    MAINTENANCE = "maintenance"
