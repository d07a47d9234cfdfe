"""Times for people, in the zone and the language of a page."""

from datetime import date, datetime
from functools import lru_cache

from babel import Locale, dates

from app.domain import timezones

_LOCALES = {"en": "en_GB", "pt": "pt_PT"}


@lru_cache(maxsize=50)
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, language))


def language_tag(language: str) -> str:
    """Return the locale whose dates a page has, such as `en-GB` (BCP 47)."""
    return _LOCALES.get(language, language).replace("_", "-")


def read(text: str) -> datetime:
    """Return a time of a snapshot."""
    return datetime.fromisoformat(text)


def local(at: datetime, zone: str) -> datetime:
    """Return a time on the clocks of a zone."""
    return at.astimezone(timezones.zone(zone))


def clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """Return a time of day in a zone, such as `14:03`; one that comes twice with its offset."""
    shown = local(at, zone)
    text = shown.strftime("%H:%M:%S" if seconds else "%H:%M")
    comes_twice = shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()
    return f"{text} {offset(at, zone)}" if comes_twice else text


def moment(at: datetime, zone: str, language: str) -> str:
    """Return day and time in a zone, such as `27 Nov 2026, 14:03`."""
    return f"{day(local(at, zone).date(), language)}, {clock(at, zone)}"


def soon(at: datetime, now: datetime, zone: str, language: str) -> str:
    """Return a time as it is said today: without the day where it is the same one."""
    if local(at, zone).date() == local(now, zone).date():
        return clock(at, zone)
    return moment(at, zone, language)


def day(on: date, language: str) -> str:
    """Return a date, such as `27 Nov 2026`."""
    return str(dates.format_date(on, "medium", _locale(language)))


def month(on: date, language: str) -> str:
    """Return month and year, such as `November 2026`."""
    return str(dates.format_skeleton("yMMMM", on, None, locale=_locale(language)))


def offset(at: datetime, zone: str) -> str:
    """Return how far a zone is from UTC at a moment, such as `UTC+01:00`; `UTC` itself."""
    text = local(at, zone).strftime("%z")
    return "UTC" if text == "+0000" else f"UTC{text[:3]}:{text[3:5]}"
