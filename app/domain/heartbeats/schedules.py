"""Schedules of heartbeats: `every 5m`, or a five-field cron expression in a time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from app.domain import timezones
from app.domain.heartbeats import cron
from app.domain.heartbeats.cron import CronError

MAX_EXPRESSION = 200
MAX_PERIOD_SECONDS = 365 * 86_400

# In words too, and in parts as Go writes them: `every 15 minutes`, `@every 1h30m`.
_PART = r"([0-9]{1,9})\s*(s|m|h|d|w|sec(?:ond)?s?|min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?)"
_EVERY = re.compile(rf"every\s+{_PART}(?:\s*{_PART})*", re.IGNORECASE)
_PARTS = re.compile(_PART, re.IGNORECASE)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# From here a new expression is tried out: an arbitrary moment, the same for every machine.
_TRIAL = datetime(2024, 1, 1, tzinfo=UTC)


class ScheduleError(ValueError):
    """A schedule that cannot be kept: one sentence, and the field it is about."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Every:
    """A ping at least this often, counted from the last one."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Cron:
    """A ping after each moment a cron expression names, in local wall time."""

    expression: str
    timezone: str


Schedule = Every | Cron


@lru_cache(maxsize=10_000)
def parse(schedule: str, timezone: str = "UTC") -> Schedule:
    """Return the schedule of a text. Raises ScheduleError; unused fields are validated as well."""
    try:
        timezones.zone(timezone)
    except ValueError as error:
        raise ScheduleError("timezone", str(error)) from None
    text = " ".join(schedule[: MAX_EXPRESSION + 1].split())
    if len(schedule) > MAX_EXPRESSION:
        raise ScheduleError("schedule", f"a schedule has at most {MAX_EXPRESSION} characters")
    if text.lower().startswith(("every", "@every ")):  # the latter as in Go's crontabs
        return _every(text.removeprefix("@"))
    return _cron(text, timezone)


def _every(text: str) -> Every:
    if not _EVERY.fullmatch(text):
        raise ScheduleError(
            "schedule", "write a period like every 30s, every 5m, every 1h, every 1d, every 1w"
        )
    parts = _PARTS.findall(text.lower().removeprefix("every"))
    seconds = sum(int(number) * _UNITS[unit[0]] for number, unit in parts)
    if not 1 <= seconds <= MAX_PERIOD_SECONDS:
        raise ScheduleError("schedule", "a period lasts from 1 second to 365 days")
    return Every(seconds)


def _cron(text: str, timezone: str) -> Cron:
    try:
        schedule = Cron(cron.normalize(text), timezone)
    except CronError as error:
        raise ScheduleError("schedule", str(error)) from None
    next_expected(schedule, _TRIAL)
    return schedule


def next_expected(schedule: Schedule, after: datetime) -> datetime:
    """Return the first moment after `after`, strictly, at which a ping is expected (UTC)."""
    if isinstance(schedule, Every):
        return after + timedelta(seconds=schedule.seconds)
    result = cron.following(schedule.expression, schedule.timezone, after)
    if result is None:
        raise ScheduleError("schedule", "cron: this moment never comes")  # not within 50 years
    return result
