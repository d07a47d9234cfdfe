"""Parser of the layers of an on-call schedule, with the place and a sentence for each fault."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain import timezones
from app.domain.escalation.on_call import Layer, Restriction, RotationType

MAX_LAYERS = 20
MAX_USERS = 100
MAX_ROTATION_DAYS = 365
MAX_NAME = 200

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KEYS = frozenset(
    (
        "name",
        "rotation_type",
        "handoff_day",
        "handoff_time",
        "users",
        "restriction",
        "rotation_days",
        "starts_at",
    )
)


class LayerError(ValueError):
    """A layer that makes no sense: where (`layers[0].users`), and one sentence."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message

    def __str__(self) -> str:
        """Return the sentence with the place in front."""
        return f"{self.place}: {self.message}"


def parse(layers: Any, default_start: datetime) -> tuple[Layer, ...]:
    """Return the layers of a list of objects. Raises LayerError.

    The first user's turn is the one around a layer's `starts_at`, else around `default_start`
    (when the schedule was made).
    """
    if not isinstance(layers, Sequence) or isinstance(layers, str) or not layers:
        raise LayerError("layers", "a schedule has at least one layer")
    if len(layers) > MAX_LAYERS:
        raise LayerError("layers", f"at most {MAX_LAYERS} layers")
    return tuple(
        _layer(layer, f"layers[{at}]", default_start, at) for at, layer in enumerate(layers)
    )


def weekday(value: Any, place: str) -> int:
    """Return the number of a weekday, Monday 0, from its name or its first three letters."""
    name = value.strip().lower() if isinstance(value, str) else ""
    for number, day in enumerate(_DAYS):
        if name in (day, day[:3]):
            return number
    raise LayerError(place, "write a weekday like monday")


def _layer(source: Any, place: str, default_start: datetime, at: int) -> Layer:
    if not isinstance(source, Mapping):
        raise LayerError(place, "a layer is an object")
    for key in source:
        if key not in _KEYS:
            raise LayerError(f"{place}.{key}", "a layer has no such field")
    try:
        rotation = RotationType(str(source.get("rotation_type", "weekly")))
    except ValueError:
        allowed = ", ".join(RotationType)
        raise LayerError(f"{place}.rotation_type", f"choose one of {allowed}") from None
    return Layer(
        name=_name(source.get("name"), f"{place}.name", at),
        users=_users(source.get("users"), f"{place}.users"),
        rotation_type=rotation,
        handoff_day=weekday(source.get("handoff_day") or "monday", f"{place}.handoff_day"),
        handoff_time=_clock(source.get("handoff_time") or "00:00", f"{place}.handoff_time"),
        starts_at=_moment(source.get("starts_at"), f"{place}.starts_at") or default_start,
        rotation_days=_rotation_days(source, rotation, f"{place}.rotation_days"),
        restriction=_restriction(source.get("restriction"), f"{place}.restriction"),
    )


def _name(value: Any, place: str, at: int) -> str:
    if value is None:
        return f"Layer {at + 1}"
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= MAX_NAME:
        raise LayerError(place, f"a name has 1 to {MAX_NAME} characters")
    return value.strip()


def _users(value: Any, place: str) -> tuple[UUID, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise LayerError(place, "list at least one user")
    if len(value) > MAX_USERS:
        raise LayerError(place, f"at most {MAX_USERS} users")
    try:
        return tuple(user if isinstance(user, UUID) else UUID(user) for user in value)
    except (ValueError, TypeError, AttributeError):
        raise LayerError(place, "a user is named by an id") from None


def _clock(value: Any, place: str) -> int:
    try:
        return timezones.minutes_of_day(str(value))
    except ValueError as error:
        raise LayerError(place, str(error)) from None


def _moment(value: Any, place: str) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = False
    if value is not None and not isinstance(value, datetime):
        raise LayerError(place, "write a time like 2026-03-02T09:00:00Z")
    if value is not None and (value.utcoffset() is None or not 2000 <= value.year <= 2100):
        raise LayerError(place, "this time has no offset or is out of range")
    return value


def _rotation_days(source: Mapping[str, Any], rotation: RotationType, place: str) -> int:
    days = source.get("rotation_days")
    if rotation is not RotationType.CUSTOM:
        if days is not None:
            raise LayerError(place, "only a custom rotation has a length of its own")
        return 1
    days = 1 if days is None else days
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_ROTATION_DAYS:
        raise LayerError(place, f"a turn lasts 1 to {MAX_ROTATION_DAYS} days")
    return days


def _restriction(source: Any, place: str) -> Restriction | None:
    if source is None:
        return None
    if not isinstance(source, Mapping):
        raise LayerError(place, "a restriction is an object")
    for key in source:
        if key not in ("start_time", "end_time", "days", "type"):
            raise LayerError(f"{place}.{key}", "a restriction has no such field")
    if source.get("type") not in (None, "time_of_day"):
        raise LayerError(f"{place}.type", "the only type is time_of_day")
    days = source.get("days") or _DAYS
    if not isinstance(days, Sequence) or isinstance(days, str):
        raise LayerError(f"{place}.days", "this must be a list of weekdays")
    return Restriction(
        _clock(source.get("start_time") or "00:00", f"{place}.start_time") % (24 * 60),
        _clock(source.get("end_time") or "24:00", f"{place}.end_time"),
        frozenset(weekday(day, f"{place}.days[{at}]") for at, day in enumerate(days)),
    )
