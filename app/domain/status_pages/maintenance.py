"""Maintenance on a page: which windows are coming, running or over, and what they hit."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.domain.maintenance.windows import (
    MaintenanceWindow,
    Occurrence,
    next_occurrence,
    occurrence_at,
)

COMING_WITHIN = timedelta(days=14)
REMEMBERED = timedelta(days=365)
OVERRUN_WITHIN = timedelta(hours=24)
_MOST_OF_ONE = 60  # of a window that recurs, on each side of now


class MaintenanceState(StrEnum):
    """Where an occurrence stands."""

    COMING = "coming"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Appearance:
    """One occurrence of a window as a page shows it."""

    occurrence: Occurrence
    state: MaintenanceState


def appearances(window: MaintenanceWindow, since: datetime, now: datetime) -> list[Appearance]:
    """Return the occurrences of a window that a page shows, in order.

    Those that began after `since`, what goes on now, and what begins within 14 days.
    """
    found = []
    for occurrence in _occurrences(window, since, now + COMING_WITHIN):
        state = MaintenanceState.COMING
        if occurrence.ends_at <= now:
            state = MaintenanceState.DONE
        elif occurrence.starts_at <= now:
            state = MaintenanceState.RUNNING
        found.append(Appearance(occurrence, state))
    over = [one for one in found if one.state is MaintenanceState.DONE]
    ahead = [one for one in found if one.state is not MaintenanceState.DONE]
    return over[-_MOST_OF_ONE:] + ahead[:_MOST_OF_ONE]


def _occurrences(
    window: MaintenanceWindow, since: datetime, until: datetime
) -> Iterator[Occurrence]:
    current = occurrence_at(window, since)
    if current is not None and current.ends_at > current.starts_at:
        yield current
    at = since
    while (following := next_occurrence(window, at)) is not None and following.starts_at <= until:
        if following.ends_at > following.starts_at:
            yield following
        at = following.starts_at


def public_key(page_id: UUID, window_id: UUID, starts_at: datetime) -> str:
    """Return the key of one occurrence on one page; nobody can tell the window from it."""
    text = f"{page_id}:{window_id}:{starts_at.timestamp():.0f}"
    return f"mw_{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def took_longer(ended_at: datetime, down_since: Collection[datetime], now: datetime) -> bool:
    """Say whether an outage that began in a window has outlasted it.

    `down_since` are the services the window was for that are down, by when they went down.
    """
    is_recent = ended_at <= now < ended_at + OVERRUN_WITHIN
    return is_recent and any(since <= ended_at for since in down_since)
