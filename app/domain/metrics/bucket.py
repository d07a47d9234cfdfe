"""The figures of one service over an hour, a day, or any stretch put together from such."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.domain.metrics import histogram
from app.domain.metrics.totals import Totals, percentage


@dataclass(frozen=True, slots=True)
class Bucket:
    """Counts of results, their response times, and the seconds of the confirmed status.

    `checks` and `failed` count results by their own status, `settled` by the confirmed one;
    `histograms` are packed (`app.domain.metrics.histogram`), to be merged when they are asked for.
    """

    totals: Totals = field(default_factory=Totals)
    checks: int = 0
    failed: int = 0
    slow: int = 0
    settled: int = 0
    settled_failed: int = 0
    timed: int = 0
    sum_ms: float = 0.0
    min_ms: float | None = None
    max_ms: float | None = None
    histograms: tuple[bytes, ...] = ()

    def __add__(self, later: "Bucket") -> "Bucket":
        """Return the figures of this stretch and the one that follows it."""
        return Bucket(
            self.totals + later.totals,
            self.checks + later.checks,
            self.failed + later.failed,
            self.slow + later.slow,
            self.settled + later.settled,
            self.settled_failed + later.settled_failed,
            self.timed + later.timed,
            self.sum_ms + later.sum_ms,
            min((ms for ms in (self.min_ms, later.min_ms) if ms is not None), default=None),
            max((ms for ms in (self.max_ms, later.max_ms) if ms is not None), default=None),
            self.histograms + later.histograms,
        )

    @property
    def mean_ms(self) -> float | None:
        """The mean response time; None where there is none."""
        return round(self.sum_ms / self.timed, 2) if self.timed else None

    @property
    def check_success_percentage(self) -> float | None:
        """The share of results that passed, by their own status."""
        return percentage(self.checks - self.failed, self.failed)

    def histogram(self) -> Counter[int]:
        """Return the response times, by bucket."""
        return Counter(histogram.merged(self.histograms))

    def percentiles(self, *shares: float) -> list[float | None]:
        """Return percentiles of the response time, to within 1 %."""
        counts = histogram.merged(self.histograms)
        return histogram.percentiles(counts, shares, self.min_ms, self.max_ms)


def put_together(buckets: Iterable[Bucket]) -> Bucket:
    """Return the figures of stretches that follow one another, oldest first."""
    parts = iter(buckets)
    result = next(parts, None) or Bucket()
    for bucket in parts:
        result += bucket
    return result
