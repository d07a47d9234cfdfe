"""Levels of an escalation, while nobody acknowledges: a policy laid out in absolute time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from uuid import UUID

MAX_REPEATS = 5
_PUNCTUAL = timedelta(minutes=1)  # the shortest distance of two levels
REPEAT_PAUSE_MINUTES = 5  # of a policy whose only level acts at once


class NotifyType(StrEnum):
    """Kind of recipient of a level."""

    TEAM = "team"
    USER = "user"
    CHANNEL = "channel"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """One line of a policy. Several lines may share a level."""

    level: int
    delay_minutes: int  # from the firing of the alert
    notify_type: NotifyType
    notify_id: UUID


@dataclass(frozen=True, slots=True)
class PlannedLevel:
    """One line of a policy in one round: whom to notify, and when."""

    level: int
    round: int  # 0, then one more for each repeat
    due_at: datetime
    notify_type: NotifyType
    notify_id: UUID

    @property
    def position(self) -> tuple[int, int]:
        """Return where it stands in the plan; lines of one level share it."""
        return (self.round, self.level)


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Step of an escalation: whom to notify, which levels were skipped, when the next is due."""

    notify: tuple[PlannedLevel, ...] = ()
    skipped: tuple[tuple[int, int], ...] = ()  # positions that resolve to nobody
    next_due_at: datetime | None = None  # None: the plan is at its end


def round_minutes(rules: Iterable[EscalationRule]) -> int:
    """Return how long a round takes: its last level gets as long to react as the one before it."""
    delays = sorted({rule.delay_minutes for rule in rules} | {0})
    gap = delays[-1] - delays[-2] if len(delays) > 1 else REPEAT_PAUSE_MINUTES
    return delays[-1] + gap


def plan(
    rules: Sequence[EscalationRule], repeat_count: int, fired_at: datetime
) -> list[PlannedLevel]:
    """Return every level of every round with its due time, in order.

    Delays count from the firing. Repeats follow as whole rounds of `round_minutes`, each as if the
    alert had fired anew. A level's lines act together, at the earliest of their delays.
    """
    delays: dict[int, int] = {}
    for rule in rules:
        delays[rule.level] = min(rule.delay_minutes, delays.get(rule.level, rule.delay_minutes))
    length = round_minutes(rules)
    planned = [
        PlannedLevel(
            rule.level,
            number,
            fired_at + timedelta(minutes=number * length + delays[rule.level]),
            rule.notify_type,
            rule.notify_id,
        )
        for number in range(repeat_count + 1)
        for rule in rules
    ]
    return sorted(planned, key=lambda level: (level.due_at, level.position))


def forecast(
    planned: Sequence[PlannedLevel], reaches_nobody: Callable[[PlannedLevel, datetime], bool]
) -> list[tuple[PlannedLevel, datetime]]:
    """Return when each line acts if nobody answers: as `step` does it, had it run without delay.

    `reaches_nobody` is asked of each line at the moment it would act.
    """
    result: list[tuple[PlannedLevel, datetime]] = []
    skipped_at: datetime | None = None
    for _, group in groupby(planned, key=lambda level: level.position):
        lines = list(group)
        at = skipped_at or lines[0].due_at
        result += [(line, at) for line in lines]
        skipped_at = at if all(reaches_nobody(line, at) for line in lines) else None
    return result


def next_level(
    planned: Sequence[PlannedLevel], after: tuple[int, int] | None
) -> tuple[PlannedLevel, ...]:
    """Return the lines of the level that follows a position (None: the first); empty at the end."""
    groups = [tuple(group) for _, group in groupby(planned, key=lambda level: level.position)]
    if after is None:
        return groups[0] if groups else ()
    places = [group[0].position for group in groups]
    if after not in places:
        return ()
    following = places.index(after) + 1
    return groups[following] if following < len(groups) else ()


def lateness(due_at: datetime, now: datetime) -> timedelta:
    """Return how much later the levels behind one come that acts only now: none for a moment.

    Overdue levels pile up while an alert is in maintenance, or nobody escalates. Those behind the
    first keep their distances from it, so that people have the time to answer that a policy gives.
    """
    late = now - due_at
    return late if late >= _PUNCTUAL else timedelta(0)


def step(
    planned: Sequence[PlannedLevel],
    after: tuple[int, int] | None,
    now: datetime,
    reaches_nobody: Callable[[PlannedLevel], bool],
) -> EscalationStep:
    """Return what to do now for an alert whose escalation has come past `after`.

    Nothing before the next level is due. A level all of whose lines reach nobody is skipped, and
    the one after it acts at once instead of waiting for its own time; the levels behind that keep
    theirs. Overdue levels are taken one at a time, so that each step is one transaction.
    """
    skipped: list[tuple[int, int]] = []
    level = next_level(planned, after)
    if level and level[0].due_at > now:
        return EscalationStep(next_due_at=level[0].due_at)
    while level:
        position = level[0].position
        reached = tuple(line for line in level if not reaches_nobody(line))
        following = next_level(planned, position)
        if reached:
            due = following[0].due_at if following else None
            return EscalationStep(reached, tuple(skipped), due)
        skipped.append(position)
        level = following
    return EscalationStep(skipped=tuple(skipped))
