"""On-call shifts: layers of people who take turns, hours a layer is limited to, and overrides.

Hand-offs stand in local wall time: at 09:00 on the clock whatever daylight saving does, at the
first of two, right after the jump where the clock skips it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain import timezones

MAX_TIMELINE = timedelta(days=400)
_DAY = timedelta(days=1)
_ALL_DAYS = frozenset(range(7))


class RotationType(StrEnum):
    """Rotation of a layer: how often it hands over."""

    DAILY = "daily"
    WEEKLY = "weekly"
    CUSTOM = "custom"  # every `rotation_days`


@dataclass(frozen=True, slots=True)
class Restriction:
    """The hours a layer is limited to; the days are those on which the hours begin."""

    start_time: int = 0  # minutes of the day
    end_time: int = 24 * 60  # not after `start_time`: on the next day
    days: frozenset[int] = _ALL_DAYS  # Monday is 0


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns in the order of the list."""

    name: str
    users: tuple[UUID, ...]
    rotation_type: RotationType = RotationType.WEEKLY
    handoff_day: int = 0  # Monday is 0; of a weekly rotation
    handoff_time: int = 0  # minutes of the day
    starts_at: datetime = datetime(2024, 1, 1, tzinfo=UTC)  # the turn around it is the first's
    rotation_days: int = 1  # of a custom rotation
    restriction: Restriction | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Override: a person in place of whoever would be first, from `starts_at` up to `ends_at`."""

    user_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OnCallSchedule:
    """Layers in order: the first one is asked first, the others are its backup."""

    timezone: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()  # of several at once, the last in the list counts


@dataclass(frozen=True, slots=True)
class OnCall:
    """Person on call, by a layer's turn or by an override."""

    user_id: UUID
    layer: str | None  # None: an override where no layer has anybody
    is_override: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time with the same people on call; with none it is a gap."""

    starts_at: datetime
    ends_at: datetime
    on_call: tuple[OnCall, ...]


def on_call_at(schedule: OnCallSchedule, at: datetime) -> tuple[OnCall, ...]:
    """Return who is on call, one for each layer that has somebody, in the order of layers.

    An override takes the first place, and its user appears nowhere else.
    """
    tz = timezones.zone(schedule.timezone)
    found = []
    for layer in schedule.layers:
        if layer.users and _is_covered(layer.restriction, tz, at):
            user = layer.users[_turn(layer, tz, at) % len(layer.users)]
            found.append(OnCall(user, layer.name))
    override = next((o for o in schedule.overrides[::-1] if o.starts_at <= at < o.ends_at), None)
    if override is not None:
        place = OnCall(override.user_id, found[0].layer if found else None, is_override=True)
        found = [place, *(o for o in found[1:] if o.user_id != override.user_id)]
    return tuple(found)


def timeline(schedule: OnCallSchedule, since: datetime, to: datetime) -> list[Segment]:
    """Return who is on call from `since` to `to`, in segments without a hole; gaps have nobody.

    Raises ValueError for more than 400 days, or none.
    """
    if not timedelta(0) < to - since <= MAX_TIMELINE:
        raise ValueError(f"a timeline covers up to {MAX_TIMELINE.days} days")
    tz = timezones.zone(schedule.timezone)
    boundaries = {since, to}
    for layer in schedule.layers:
        boundaries.update(
            boundary for boundary in _boundaries(layer, tz, since, to) if since < boundary < to
        )
    for override in schedule.overrides:
        boundaries.update(
            boundary for boundary in (override.starts_at, override.ends_at) if since < boundary < to
        )
    segments: list[Segment] = []
    for begin, end in pairwise(sorted(boundaries)):
        people = on_call_at(schedule, begin)
        if segments and segments[-1].on_call == people:
            segments[-1] = Segment(segments[-1].starts_at, end, people)
        else:
            segments.append(Segment(begin, end, people))
    return segments


def _period_days(layer: Layer) -> int:
    lengths = {RotationType.DAILY: 1, RotationType.WEEKLY: 7}
    return lengths.get(layer.rotation_type, layer.rotation_days)


def _first_handoff(layer: Layer, tz: ZoneInfo) -> datetime:
    """Return the wall time of the hand-off at or before `starts_at`."""
    begin = timezones.wall_time(layer.starts_at, tz)
    handoff = timezones.wall(begin.date(), layer.handoff_time)
    if handoff > begin:
        handoff -= _DAY
    if layer.rotation_type is RotationType.WEEKLY:
        handoff -= _DAY * ((handoff.weekday() - layer.handoff_day) % 7)
    return handoff


def _turn(layer: Layer, tz: ZoneInfo, at: datetime) -> int:
    """Return how many hand-offs there have been since the layer's first turn began."""
    first, length = _first_handoff(layer, tz), _DAY * _period_days(layer)
    turn = (timezones.wall_time(at, tz) - first) // length
    # Around a change of the clock, wall time and instants may disagree by one hand-off.
    while timezones.instant(first + length * turn, tz) > at:
        turn -= 1
    while timezones.instant(first + length * (turn + 1), tz) <= at:
        turn += 1
    return turn


def _spans(
    restriction: Restriction, tz: ZoneInfo, since: datetime, to: datetime
) -> Iterator[tuple[datetime, datetime]]:
    day = timezones.wall_time(since, tz).date() - 2 * _DAY
    last = timezones.wall_time(to, tz).date() + _DAY  # a clock set back past midnight shows less
    while day <= last:
        if day.weekday() in restriction.days:
            yield timezones.daily_span(day, restriction.start_time, restriction.end_time, tz)
        day += _DAY


def _is_covered(restriction: Restriction | None, tz: ZoneInfo, at: datetime) -> bool:
    if restriction is None:
        return True
    return any(begin <= at < end for begin, end in _spans(restriction, tz, at, at))


def _boundaries(layer: Layer, tz: ZoneInfo, since: datetime, to: datetime) -> Iterator[datetime]:
    if len(layer.users) > 1:
        first, length = _first_handoff(layer, tz), _DAY * _period_days(layer)
        handoff = first + length * _turn(layer, tz, since)
        while (boundary := timezones.instant(handoff, tz)) <= to:
            yield boundary
            handoff += length
    if layer.users and layer.restriction is not None:
        for span in _spans(layer.restriction, tz, since, to):
            yield from span
