"""Seconds and outages of a stretch of time, which add up however the time is cut."""

from collections import Counter
from dataclasses import dataclass, replace

from app.domain.metrics.status_line import SpanKind, StatusLine


@dataclass(frozen=True, slots=True)
class Totals:
    """Milliseconds by kind, and the outages, of one service over a stretch of time.

    An outage lasts from DOWN until the service is seen UP again: what was not known in between
    (nobody looked, maintenance, a pause) neither ends it nor adds to its length. Those that may go
    on before or after the stretch are told by `head_ms` and `tail_ms`: DOWN before the first UP,
    and after the last one. Without any UP both are all of DOWN.
    """

    up_ms: int = 0
    down_ms: int = 0
    unknown_ms: int = 0
    maintenance_ms: int = 0
    paused_ms: int = 0
    pending_ms: int = 0
    inner_outages: int = 0
    longest_inner_ms: int = 0
    head_ms: int = 0
    tail_ms: int = 0

    @property
    def known_ms(self) -> int:
        """The time that counts."""
        return self.up_ms + self.down_ms

    @property
    def length_ms(self) -> int:
        """All of the time."""
        others = self.unknown_ms + self.maintenance_ms + self.paused_ms + self.pending_ms
        return self.known_ms + others

    @property
    def outages(self) -> int:
        """How many outages touch the time."""
        if not self.up_ms:
            return int(self.head_ms > 0)
        return self.inner_outages + (self.head_ms > 0) + (self.tail_ms > 0)

    @property
    def longest_outage_ms(self) -> int:
        """How much DOWN the longest outage has within the time."""
        return max(self.longest_inner_ms, self.head_ms, self.tail_ms)

    @property
    def uptime_percentage(self) -> float | None:
        """Two decimals, half to even; 100 and 0 only where it is exact; None: nothing known."""
        return percentage(self.up_ms, self.down_ms)

    def __add__(self, later: "Totals") -> "Totals":
        """Return the totals of this stretch and the one that follows it."""
        met = self.tail_ms + later.head_ms
        inner = self.inner_outages + later.inner_outages
        longest = max(self.longest_inner_ms, later.longest_inner_ms)
        if self.up_ms and later.up_ms:
            inner += met > 0
            longest = max(longest, met)
        return Totals(
            self.up_ms + later.up_ms,
            self.down_ms + later.down_ms,
            self.unknown_ms + later.unknown_ms,
            self.maintenance_ms + later.maintenance_ms,
            self.paused_ms + later.paused_ms,
            self.pending_ms + later.pending_ms,
            inner,
            longest,
            self.head_ms if self.up_ms else met,
            later.tail_ms if later.up_ms else met,
        )

    def filled(self, length_ms: int) -> "Totals":
        """Return the totals with time of which there is no record at all counted as pending."""
        return replace(self, pending_ms=self.pending_ms + length_ms - self.length_ms)


def totals(line: StatusLine) -> Totals:
    """Return what a line adds up to."""
    by_kind: Counter[SpanKind] = Counter()
    outages: list[int] = []  # DOWN before each UP, and after the last one
    down = 0
    for span in line.spans():
        lasted = span.end - span.begin
        by_kind[span.kind] += lasted
        if span.kind is SpanKind.DOWN:
            down += lasted
        elif span.kind is SpanKind.UP:
            outages.append(down)
            down = 0
    inner = [outage for outage in outages[1:] if outage]
    return Totals(
        by_kind[SpanKind.UP],
        by_kind[SpanKind.DOWN],
        by_kind[SpanKind.UNKNOWN],
        by_kind[SpanKind.MAINTENANCE],
        by_kind[SpanKind.PAUSED],
        by_kind[SpanKind.PENDING],
        len(inner),
        max(inner, default=0),
        outages[0] if outages else down,
        down,
    )


def percentage(good: int, bad: int) -> float | None:
    """Return the share of `good` in percent, two decimals, rounded half to even.

    Never rounded up to 100 while there was anything bad, nor down to 0 while there was anything
    good; None where there is nothing at all.
    """
    if not good + bad:
        return None
    hundredths, rest = divmod(10_000 * good, good + bad)
    if 2 * rest > good + bad or (2 * rest == good + bad and hundredths % 2):
        hundredths += 1
    if bad and hundredths == 10_000:
        hundredths -= 1
    if good and hundredths == 0:
        hundredths += 1
    return hundredths / 100
