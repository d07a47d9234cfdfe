"""The database's clock, as a worker carries it forward with its own: skewed hosts do not matter."""

from datetime import datetime, timedelta


class DatabaseClock:
    """A clock that agrees with every reading of the database's, and turns back only with it.

    A reading was true at some moment between its question and its answer, which under load are far
    apart. So it moves this clock no more than it must (Marzullo's intervals, as in RFC 5905): a
    clock that were set to each reading would jump by how long each took.
    """

    def __init__(self) -> None:
        self._zero: datetime | None = None  # the database's time at monotonic zero

    def read(self, reading: datetime, asked_at: float, answered_at: float) -> None:
        """Take a reading that was asked and answered at these moments of the monotonic clock."""
        earliest = reading - timedelta(seconds=answered_at)
        latest = reading - timedelta(seconds=asked_at)
        if self._zero is None:
            self._zero = earliest
        self._zero = min(max(self._zero, earliest), latest)

    @property
    def is_read(self) -> bool:
        """Whether it was ever read."""
        return self._zero is not None

    def now(self, at: float) -> datetime:
        """Return the database's time at a moment of the monotonic clock."""
        if self._zero is None:
            raise RuntimeError("the database's clock has not been read yet")
        return self._zero + timedelta(seconds=at)
