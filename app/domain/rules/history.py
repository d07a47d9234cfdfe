"""History of a service's checks at a moment, as rules see it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.rules.types import Comparison
from app.domain.types import Status

_TELLING = frozenset((Status.GREEN, Status.YELLOW, Status.RED))


@dataclass(frozen=True, slots=True)
class Point:
    """One check result.

    The caller decides which status stands in `status`: the settled one makes thresholds and quorum
    count; `own_status` is that of the check alone, None where it is the same. `body_texts` says of
    each text that was looked for whether the body contained it.
    """

    at: datetime
    status: Status
    response_time_ms: float | None = None
    status_code: int | None = None
    error: str | None = None
    ssl_days_remaining: int | None = None
    consecutive_failures: int = 0
    in_maintenance: bool = False
    dns_resolved: bool | None = None  # both from app.domain.rules.reachability
    tcp_connected: bool | None = None
    body_texts: Mapping[str, bool] | None = None  # None: no body was read, or none was searched
    own_status: Status | None = None

    @property
    def counts(self) -> bool:
        """Say whether the point tells something about the service."""
        return not self.in_maintenance and self.status in _TELLING

    @property
    def counted_ms(self) -> float | None:
        """The response time that counts for percentiles, None where the check tells nothing."""
        tells = not self.in_maintenance and (self.own_status or self.status) in _TELLING
        return self.response_time_ms if tells else None


@dataclass(frozen=True, slots=True)
class Window:
    """The points that count of the last so many minutes, the latest included."""

    total: int
    failed: int  # RED
    p95_response_time_ms: float | None = None


def reaches_back(since: datetime, seconds: int, now: datetime) -> bool:
    """Say whether a moment lies so many seconds back.

    Whole seconds: a result a few milliseconds early must not cost another round of checks.
    """
    return round((now - since).total_seconds()) >= seconds


@dataclass(frozen=True, slots=True)
class Streak:
    """The series of points, up to the newest that counts, of which a test holds."""

    truth: bool | None  # of the newest point; unless True, there is no series
    since: datetime | None = None  # when it began, or a moment early enough; None: not known yet
    before: bool | None = None  # what the point before the series says; None where there is none

    def has_held(self, seconds: int, now: datetime) -> bool | None:
        """Say whether the test has held for so long; None where that is not known."""
        if not self.truth or self.since is None:
            return None if self.truth else self.truth
        return True if reaches_back(self.since, seconds, now) else self.before


@dataclass(frozen=True, slots=True)
class History:
    """History that a rule is evaluated on; `alert_rules.needs` says how much of it a rule reads.

    What must hold for a time is answered by its streak, where there is one, or by `recent`.
    """

    latest: Point
    recent: Sequence[Point] = ()  # newest first, the latest included
    windows: Mapping[int, Window] = field(default_factory=dict)  # by minutes
    streaks: Mapping[Comparison, Streak] = field(default_factory=dict)

    def counting(self) -> Iterator[Point]:
        """Yield the points that tell something, newest first."""
        return (point for point in self.recent or (self.latest,) if point.counts)


@dataclass(frozen=True, slots=True)
class Needs:
    """Needs of a condition for history. All zero and empty: the latest point is enough.

    `last_results` counts points that count, the latest included. `seconds` asks for every point
    since then *and the one before them*, which shows that the state already held at that moment;
    or for the streaks of the tests that must hold for a time.
    """

    last_results: int = 0
    seconds: int = 0
    windows_minutes: frozenset[int] = frozenset()
    percentiles_minutes: frozenset[int] = frozenset()  # those windows whose p95 is asked for
    body_texts: frozenset[str] = frozenset()

    @property
    def history(self) -> bool:
        """Say whether anything before the latest point is looked at."""
        return bool(self.last_results or self.seconds or self.windows_minutes)
