"""The words of status pages: states of services, of incidents, ways to subscribe."""

from enum import StrEnum

LANGUAGES = ("en", "de", "fr", "es", "pt", "nl", "pl", "it", "ja")


class AutoIncidents(StrEnum):
    """What becomes of a critical alert that stands."""

    OFF = "off"
    DRAFT = "draft"
    PUBLISH = "publish"
