"""When a heartbeat is expected: `every 5m`, or a five-field cron expression in a time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cronsim import CronSim, CronSimError

from app.domain import timezones

MAX_EXPRESSION = 200
MAX_PERIOD_SECONDS = 365 * 86_400

_EVERY = re.compile(r"every\s+([0-9]{1,9})\s*(s|m|h|d)", re.IGNORECASE)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FIELDS = 5
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
    """Return the schedule of a text. Raises ScheduleError; unused fields are judged as well."""
    try:
        timezones.zone(timezone)
    except ValueError as error:
        raise ScheduleError("timezone", str(error)) from None
    text = " ".join(schedule[: MAX_EXPRESSION + 1].split())
    if len(schedule) > MAX_EXPRESSION:
        raise ScheduleError("schedule", f"a schedule has at most {MAX_EXPRESSION} characters")
    if text.lower().startswith("every"):
        return _every(text)
    return _cron(text, timezone)


def _every(text: str) -> Every:
    match = _EVERY.fullmatch(text)
    if match is None:
        raise ScheduleError(
            "schedule", "write a period like every 30s, every 5m, every 1h, every 1d"
        )
    seconds = int(match[1]) * _UNITS[match[2].lower()]
    if not 1 <= seconds <= MAX_PERIOD_SECONDS:
        raise ScheduleError("schedule", "a period lasts from 1 second to 365 days")
    return Every(seconds)


def _cron(text: str, timezone: str) -> Cron:
    if len(text.split(" ")) != _FIELDS:
        raise ScheduleError(
            "schedule",
            "write every 5m, or a cron expression of five fields: minute hour day month weekday",
        )
    schedule = Cron(text, timezone)
    try:
        next_expected(schedule, _TRIAL)
    except CronSimError as error:
        raise ScheduleError("schedule", f"cron: {error}") from None
    return schedule


def next_expected(schedule: Schedule, after: datetime) -> datetime:
    """Return the first moment after `after`, strictly, at which a ping is expected (UTC).

    Cron follows Debian's rules for daylight saving: a job at a fixed wall time runs once a day,
    right after the jump where its time is skipped, the first time where it comes twice; jobs with
    `*` in minute or hour follow the clock as it goes.
    """
    if isinstance(schedule, Every):
        return after + timedelta(seconds=schedule.seconds)
    tz = timezones.zone(schedule.timezone)
    # CronSim treats the UTC of the standard library, and only that, as free of daylight saving.
    local = after.astimezone(UTC if schedule.timezone == "UTC" else tz)
    for found in CronSim(schedule.expression, local):
        moment = found.astimezone(UTC)
        # In the hour that comes twice, CronSim names the first occurrence even from the second on.
        if moment > after:
            return moment
    raise ScheduleError("schedule", "cron: this moment never comes")  # not within 50 years
