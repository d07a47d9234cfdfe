"""Plan of reading a window: whole days, the whole hours beside them, and raw ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Level(StrEnum):
    """Level of detail of figures."""

    RAW = "raw"
    HOURS = "hours"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a window, and the level that answers it."""

    level: Level
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StoredData:
    """Stored data there is: roll-ups until a time, raw results and hours since one."""

    rolled_until: datetime | None
    raw_since: datetime
    hours_since: datetime


def plan(since: datetime, until: datetime, reach: StoredData) -> list[Piece]:
    """Return the parts of a window, oldest first.

    An end that nothing fine enough is left for is widened outward, to the hour or the day (UTC):
    what is answered is from the first part's begin to the last one's end.
    """
    since = _widened(since, reach, outward=-1)
    until = _widened(until, reach, outward=1)
    first = ceiling(since, HOUR)
    last = floor(min(until, reach.rolled_until), HOUR) if reach.rolled_until else first
    if first >= last:
        return [Piece(Level.RAW, since, until)]
    first_day, last_day = ceiling(first, DAY), floor(last, DAY)
    pieces = [Piece(Level.RAW, since, first)]
    if first_day < last_day:
        pieces += [
            Piece(Level.HOURS, first, first_day),
            Piece(Level.DAYS, first_day, last_day),
            Piece(Level.HOURS, last_day, last),
        ]
    else:
        pieces.append(Piece(Level.HOURS, first, last))
    pieces.append(Piece(Level.RAW, last, until))
    return [piece for piece in pieces if piece.since < piece.until]


def _widened(at: datetime, reach: StoredData, *, outward: int) -> datetime:
    for begin, width in ((reach.raw_since, HOUR), (reach.hours_since, DAY)):
        if at < begin:
            at = floor(at, width) if outward < 0 else ceiling(at, width)
    return at


def floor(at: datetime, width: timedelta) -> datetime:
    """Return the last whole hour or day (UTC) that is not after a moment."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // width * width


def ceiling(at: datetime, width: timedelta) -> datetime:
    """Return the first whole hour or day (UTC) that is not before a moment."""
    begin = floor(at, width)
    return begin if begin == at else begin + width
