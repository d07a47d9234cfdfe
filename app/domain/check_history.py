"""What is known of a service's checks at a moment, as rules see it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.types import Status

_TELLING = frozenset((Status.GREEN, Status.YELLOW, Status.RED))


@dataclass(frozen=True, slots=True)
class Point:
    """One check result.

    The caller decides which colour stands in `status`: the settled one makes thresholds and quorum
    count. `body_texts` holds those of `Needs.body_texts` that the body contained.
    """

    at: datetime
    status: Status
    response_time_ms: float | None = None
    status_code: int | None = None
    error: str | None = None
    ssl_days_remaining: int | None = None
    consecutive_failures: int = 0
    in_maintenance: bool = False
    dns_resolved: bool | None = None  # both from app.domain.reachability
    tcp_connected: bool | None = None
    body_texts: frozenset[str] | None = None  # None: no body was read

    @property
    def counts(self) -> bool:
        """Say whether the point tells something about the service."""
        return not self.in_maintenance and self.status in _TELLING


@dataclass(frozen=True, slots=True)
class Window:
    """The points that count of the last so many minutes, the latest included."""

    total: int
    failed: int  # RED
    p95_response_time_ms: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What a rule is evaluated on; `alert_rules.needs` says how much of it a rule looks at."""

    latest: Point
    recent: Sequence[Point] = ()  # newest first, the latest included
    windows: Mapping[int, Window] = field(default_factory=dict)  # by minutes

    def counting(self) -> Iterator[Point]:
        """Yield the points that tell something, newest first."""
        return (point for point in self.recent or (self.latest,) if point.counts)


@dataclass(frozen=True, slots=True)
class Needs:
    """How much history a condition looks at. All zero and empty: the latest point is enough.

    `last_results` counts points that count, the latest included. `seconds` asks for every point
    since then *and the one before them*, which shows that the state already held at that moment.
    """

    last_results: int = 0
    seconds: int = 0
    windows_minutes: frozenset[int] = frozenset()
    body_texts: frozenset[str] = frozenset()
