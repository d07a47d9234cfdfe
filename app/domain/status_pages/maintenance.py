"""Maintenance on a page: which windows are coming, running or over, and what they hit."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
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
REMINDED_BEFORE = timedelta(hours=24)
CANCELLED_KEPT = timedelta(days=30)  # after its end
_NEARLY = timedelta(hours=1)  # whoever hears of it so shortly before is not reminded as well
_MOST_OF_ONE = 60  # of a window that recurs, on each side of now


class MaintenanceState(StrEnum):
    """State of an occurrence of maintenance."""

    COMING = "coming"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"  # it was coming, and is not any more


@dataclass(frozen=True, slots=True)
class Appearance:
    """One occurrence of a window as a page shows it."""

    occurrence: Occurrence
    state: MaintenanceState


def appearances(
    window: MaintenanceWindow, since: datetime, now: datetime, *, is_announced: bool
) -> list[Appearance]:
    """Return the occurrences of a window that a page shows, in order.

    Those that began after `since`, what goes on now, and what begins within 14 days. A window that
    comes once and was announced stays, however far ahead it is moved: people were told of it.
    """
    found = []
    is_followed = is_announced and window.recurrence is None
    for occurrence in _occurrences(window, since, None if is_followed else now + COMING_WITHIN):
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
    window: MaintenanceWindow, since: datetime, until: datetime | None
) -> Iterator[Occurrence]:
    current = occurrence_at(window, since)
    if current is not None and current.ends_at > current.starts_at:
        yield current
    at = since
    while (following := next_occurrence(window, at)) is not None and (
        until is None or following.starts_at <= until
    ):
        if following.ends_at > following.starts_at:
            yield following
        at = following.starts_at


def public_key(page_id: UUID, window_id: UUID, window: MaintenanceWindow, begin: datetime) -> str:
    """Return the key of one occurrence on one page; nobody can tell the window from it.

    That of a window which comes once stays when it is moved: links, feeds and calendars follow.
    """
    text = f"{page_id}:{window_id}"
    if window.recurrence is not None:
        text += f":{begin.timestamp():.0f}"
    return f"mw_{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def took_longer(ended_at: datetime, down_since: Collection[datetime], now: datetime) -> bool:
    """Say whether an outage that began in a window has outlasted it.

    `down_since` are the services the window was for that are down, by when they went down.
    """
    is_recent = ended_at <= now < ended_at + OVERRUN_WITHIN
    return is_recent and any(since <= ended_at for since in down_since)


class Notice(StrEnum):
    """Notice of an occurrence of maintenance to subscribers."""

    ANNOUNCED = "announced"
    REMINDER = "reminder"
    STARTED = "started"
    ENDED = "ended"
    CHANGED = "changed"
    CANCELLED = "cancelled"


def notices(
    shown: Sequence[Appearance],
    sent: Mapping[datetime, Mapping[Notice, datetime]],
    created_at: datetime,
    now: datetime,
    *,
    comes_once: bool,
) -> list[tuple[Notice, Appearance]]:
    """Return what is still to be sent about a window's occurrences.

    `sent` are the notices there were, by the beginning they spoke of, with the end they named. Of
    a window that recurs only the next one is announced. One that was announced and is not to come
    any more was cancelled; of a window that comes once it was moved, where another is to be told.
    """
    found: list[tuple[Notice, Appearance]] = []
    coming = [one for one in shown if one.state is MaintenanceState.COMING][:1]
    for one in [*(one for one in shown if one.state is not MaintenanceState.COMING), *coming]:
        begin, end = one.occurrence.starts_at, one.occurrence.ends_at
        before = sent.get(begin, {})
        if one.state is MaintenanceState.COMING:
            is_soon = begin - now <= REMINDED_BEFORE
            if not before or Notice.CANCELLED in before:
                found.append((Notice.ANNOUNCED, one))
            elif end not in before.values():
                found.append((Notice.CHANGED, one))
            elif (
                is_soon
                and Notice.REMINDER not in before
                and begin - created_at > REMINDED_BEFORE + _NEARLY
            ):
                found.append((Notice.REMINDER, one))
        elif one.state is MaintenanceState.RUNNING:
            if Notice.STARTED not in before:
                found.append((Notice.STARTED, one))
            elif end not in before.values():
                found.append((Notice.CHANGED, one))
        elif Notice.STARTED in before and Notice.ENDED not in before:
            found.append((Notice.ENDED, one))
    begins = {one.occurrence.starts_at for one in shown}
    gone = [
        Appearance(Occurrence(begin, max(before.values())), MaintenanceState.COMING)
        for begin, before in sent.items()
        if begin > now
        and begin not in begins
        and Notice.STARTED not in before
        and Notice.CANCELLED not in before
    ]
    if comes_once and gone and found:
        return [(_OF_MOVED.get(notice, notice), one) for notice, one in found]
    return found + [(Notice.CANCELLED, one) for one in gone]


_OF_MOVED = {Notice.ANNOUNCED: Notice.CHANGED}


def withdrawn(
    sent: Mapping[datetime, Mapping[Notice, datetime]], now: datetime
) -> list[tuple[Notice, Occurrence]]:
    """Return what is to be sent when a window goes, or a page shows it no more; `sent` as above.

    What had begun is over, and what was announced does not come.
    """
    result = []
    for begin, before in sorted(sent.items()):
        occurrence = Occurrence(begin, max(before.values()))
        if Notice.STARTED in before:
            if Notice.ENDED not in before:
                result.append((Notice.ENDED, Occurrence(begin, max(begin, now))))
        elif Notice.CANCELLED not in before and occurrence.ends_at > now:
            result.append((Notice.CANCELLED, occurrence))
    return result
