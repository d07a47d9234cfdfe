"""Badges: a label, a value, and how good that is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.heartbeats.states import HeartbeatStatus
from app.domain.types import Status

SPANS = (1, 7, 30, 90)  # of how many days the uptime may be asked for
USUAL_SPAN = 30


class BadgeTone(StrEnum):
    """Tone of a value: how good it is."""

    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Badge:
    """One small figure for a readme or a dashboard."""

    label: str
    value: str
    tone: BadgeTone


_TONES = {
    HeartbeatStatus.HEALTHY: BadgeTone.GOOD,
    HeartbeatStatus.RUNNING: BadgeTone.GOOD,
    HeartbeatStatus.LATE: BadgeTone.FAIR,
    HeartbeatStatus.MISSED: BadgeTone.BAD,
    HeartbeatStatus.FAILED: BadgeTone.BAD,
    HeartbeatStatus.PAUSED: BadgeTone.NONE,
}


_SERVICES = {
    Status.GREEN: ("up", BadgeTone.GOOD),
    Status.YELLOW: ("slow", BadgeTone.FAIR),
    Status.RED: ("down", BadgeTone.BAD),
    Status.UNKNOWN: ("unknown", BadgeTone.NONE),
    Status.PENDING: ("pending", BadgeTone.NONE),
}


def of_service(name: str, status: Status, *, is_active: bool, in_maintenance: bool) -> Badge:
    """Return the badge of a service's confirmed status."""
    if not is_active:
        return Badge(name, "paused", BadgeTone.NONE)
    if in_maintenance:
        return Badge(name, "maintenance", BadgeTone.NONE)
    return Badge(name, *_SERVICES[status])


def of_status(name: str, status: HeartbeatStatus) -> Badge:
    """Return the badge of a heartbeat's status."""
    return Badge(name, status.value, _TONES[status])


def of_uptime(name: str, percentage: float | None) -> Badge:
    """Return the badge of an uptime in percent; None where nothing is known."""
    if percentage is None:
        return Badge(name, "unknown", BadgeTone.NONE)
    tone = (
        BadgeTone.GOOD
        if percentage >= 99
        else BadgeTone.FAIR
        if percentage >= 95
        else BadgeTone.BAD
    )
    # Cut, not rounded: 99.999 is no 100. Hundredths stay what they are: 0.29 x 100 is 28.999… .
    cut = int(round(percentage * 100, 6)) / 100
    if percentage > 0:
        cut = max(cut, 0.01)  # 0 is for what was never up
    return Badge(name, "100%" if cut == 100 else f"{cut:.2f}%", tone)


def of_duration(name: str, milliseconds: float | None) -> Badge:
    """Return the badge of how long something takes; None where nothing is known."""
    if milliseconds is None:
        return Badge(name, "unknown", BadgeTone.NONE)
    return Badge(name, _duration(milliseconds), BadgeTone.GOOD)


def _duration(milliseconds: float) -> str:
    if milliseconds < 1_000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1_000
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3_600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3_600)} h {int(seconds % 3_600 // 60)} min"


Change = tuple[datetime, HeartbeatStatus, HeartbeatStatus]  # when, from, to


def uptime(
    since: datetime, now: datetime, changes: list[Change], status: HeartbeatStatus
) -> float | None:
    """Return the share of time that was neither missed nor failed, in percent.

    `changes` are those since `since`, oldest first. Pauses count for nothing; None when there was
    nothing else.
    """
    good = bad = timedelta(0)
    begin = since
    for end, before, after in [*changes, (now, status, status)]:
        lasted = max(end - begin, timedelta(0))
        if before.is_down:
            bad += lasted
        elif before is not HeartbeatStatus.PAUSED:
            good += lasted
        begin, status = max(begin, end), after
    counted = good + bad
    return good / counted * 100 if counted else None
