"""Starts and ends of maintenance windows that are to be announced."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.maintenance.windows import (
    MaintenanceWindow,
    Occurrence,
    next_change_at,
    occurrence_at,
)

# After a stop of ours, what began and ended longer ago is history and no news.
LOOKS_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WindowTransition:
    """A beginning, with the occurrence that begins; an end, without one."""

    at: datetime
    occurrence: Occurrence | None


@dataclass(frozen=True, slots=True)
class WindowEvaluation:
    """The transition of a window that is due, and when to evaluate it again; None: never."""

    transition: WindowTransition | None
    next_at: datetime | None


def evaluate(
    window: MaintenanceWindow, since: datetime, now: datetime, *, is_announced: bool
) -> WindowEvaluation:
    """Return the first transition from `since` on that is still to be announced.

    `is_announced` says whether its beginning was, so that an edit is told by what it changes: a
    window that is moved away while it is on has ended, one that is prolonged goes on. Whoever heard
    of a beginning hears of the end, however late; nobody hears of a window long past.
    """
    at = max(since, now - LOOKS_BACK)
    while True:
        current = occurrence_at(window, at)
        following = next_change_at(window, at)
        if current is None and is_announced:
            return WindowEvaluation(WindowTransition(since if since < at else at, None), following)
        if current is not None and not is_announced and not _is_history(current, now):
            return WindowEvaluation(WindowTransition(current.starts_at, current), following)
        if following is None or following > now:
            return WindowEvaluation(None, following)
        at = following


def _is_history(occurrence: Occurrence, now: datetime) -> bool:
    return occurrence.ends_at <= now and occurrence.starts_at < now - LOOKS_BACK
