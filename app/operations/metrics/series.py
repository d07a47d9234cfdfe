"""Series of a service for charts: results put together by intervals of time."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from app.domain.checks.response_times import rounded
from app.domain.metrics import histogram
from app.domain.metrics.bucket import Bucket, put_together
from app.domain.metrics.plan import DAY, HOUR, Level, Piece, floor
from app.domain.metrics.status_line import SpanKind, StatusLine, milliseconds, moment, unpacked
from app.domain.metrics.totals import Totals, totals
from app.operations.metrics import corrections, read
from app.operations.metrics.cells import CELLS_PER_SLOT, SLOTS
from app.operations.metrics.measure import TELLS, Stretch, measure
from app.operations.metrics.rows import COLUMNS_WITH_HISTOGRAM, DAY_MS, HOUR_MS, bucket
from app.platform.bootstrap import runtime
from app.platform.errors import Fault, Invalid, InvalidCode
from app.platform.transaction import Transaction, transaction

MOST_POINTS = 50_000
FIVE_MINUTES = timedelta(minutes=5)
_FIVE_MS = 300_000
_EPOCH_BIN = "timestamptz 'epoch'"
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """Point of a series: an interval of time; response times in milliseconds."""

    timestamp: datetime
    checks: int
    failed: int
    uptime_percentage: float | None
    avg_ms: float | None
    min_ms: float | None
    max_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


_POINT_FIELDS = tuple(field.name for field in fields(SeriesPoint))
_point_values = attrgetter(*_POINT_FIELDS)


def buckets(
    service_id: UUID, since: datetime, until: datetime, width: timedelta
) -> list[dict[str, Any]]:
    """Return a window by intervals of a minute, five minutes, an hour or a day (UTC).

    Oldest first. Intervals before the first check and within a pause are left out; where nobody
    looked there is a point without figures. Raises Invalid when they are too
    many, or when single minutes are asked for of a time whose results are gone.
    """
    with transaction() as tx:
        now = tx.now()
        until = min(until, now)
        if since >= until:
            return []
        if width < HOUR:
            found = _fine(tx, service_id, since, until, width)
        else:
            found = _coarse(tx, service_id, since, until, width)
    if len(found) > MOST_POINTS:
        message = f"the window holds more than {MOST_POINTS} points; narrow it or widen `interval`"
        raise Invalid(message, {"from": [Fault(InvalidCode.WRONG_TIME, "The window is too wide.")]})
    # `asdict` copies what every value is made of: twice the time of all the rest.
    return [dict(zip(_POINT_FIELDS, _point_values(point), strict=True)) for point in found]


def _coarse(
    tx: Transaction, service_id: UUID, since: datetime, until: datetime, width: timedelta
) -> list[SeriesPoint]:
    """Fold days, hours and raw ends into intervals; percentiles are within 1 %."""
    by_interval: dict[datetime, list[Bucket]] = defaultdict(list)
    parts: Iterator[tuple[datetime, Bucket]]
    for part in read.pieces(tx, since, until):
        if part.level is Level.RAW:
            stretches = _split(service_id, _within_retention(tx, part), width)
            begins = (one.since for one in stretches)
            parts = iter(zip(begins, read.measured_at(tx, stretches), strict=True))
        elif part.level is Level.HOURS or width < DAY:
            parts = _stored(tx, "metric_hours", HOUR_MS, service_id, part)
        else:
            parts = _stored(tx, "metric_days", DAY_MS, service_id, part)
        for at, one in parts:
            by_interval[floor(at, width)].append(one)
    points = []
    for at, ones in sorted(by_interval.items()):
        merged = put_together(ones)
        if _is_worth_a_point(merged.totals, merged.checks):
            points.append(_point(at, merged, merged.percentiles(0.5, 0.95, 0.99)))
    return points


def _stored(
    tx: Transaction, table: str, length_ms: int, service_id: UUID, part: Piece
) -> Iterator[tuple[datetime, Bucket]]:
    rows = tx.driver.execute(
        f"SELECT at, {COLUMNS_WITH_HISTOGRAM} FROM {table}"  # noqa: S608  constants
        " WHERE service_id = %s AND at >= %s AND at < %s ORDER BY at",
        (service_id, part.since, part.until),
    )
    return ((at, bucket(row, length_ms)) for at, *row in rows)


def _within_retention(tx: Transaction, part: Piece) -> Piece:
    oldest = floor(tx.now(), DAY) - timedelta(days=runtime().config.raw_retention_days)
    return Piece(part.level, max(part.since, oldest), part.until)


def _split(service_id: UUID, part: Piece, width: timedelta) -> list[Stretch]:
    stretches = []
    begin = part.since
    while begin < part.until:
        end = min(floor(begin, width) + width, part.until)
        stretches.append(Stretch(service_id, begin, end))
        begin = end
    return stretches


def _point(at: datetime, bucket: Bucket, percentiles: Sequence[float | None]) -> SeriesPoint:
    return SeriesPoint(
        at,
        bucket.checks,
        bucket.failed,
        bucket.totals.uptime_percentage,
        bucket.mean_ms,
        rounded(bucket.min_ms),
        rounded(bucket.max_ms),
        *percentiles,
    )


def _fine(
    tx: Transaction, service_id: UUID, since: datetime, until: datetime, width: timedelta
) -> list[SeriesPoint]:
    """Return minutes from raw results, five minutes from what is kept of them, if need be."""
    config = runtime().config
    oldest = floor(tx.now(), DAY) - timedelta(days=config.raw_retention_days)
    points: list[SeriesPoint] = []
    if since < oldest and width < FIVE_MINUTES:
        message = f"single minutes are kept for {config.raw_retention_days} days; widen `interval`"
        raise Invalid(
            message,
            {
                "from": [
                    Fault(InvalidCode.WRONG_TIME, "The window begins too early for this interval.")
                ]
            },
        )
    if since < oldest:
        kept_since = floor(tx.now(), DAY) - timedelta(days=config.fives_retention_days)
        begin, end = max(floor(since, HOUR), kept_since), min(oldest, until)
        points += (
            point
            for point in _fives(tx, service_id, begin, end)
            if point.timestamp + width > since and point.timestamp < until
        )
        since = oldest
    if since < until:
        points += _raw(tx, service_id, since, until, width)
    return points


# Within an interval the exact nearest rank.
_RAW = f"""
SELECT date_bin(%(width)s, checked_at, {_EPOCH_BIN}) AS interval, count(*),
    count(*) FILTER (WHERE status = 'RED'), avg(response_time_ms), min(response_time_ms),
    max(response_time_ms),
    percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY response_time_ms)
FROM check_results
WHERE service_id = %(service_id)s AND checked_at >= %(since)s AND checked_at < %(until)s
  AND scheduled_for >= %(since)s - interval '25 hours'
  AND scheduled_for < %(until)s + interval '10 minutes'
  AND {TELLS}
GROUP BY 1 ORDER BY 1 LIMIT {MOST_POINTS + 1}
"""  # noqa: S608  constants


def _raw(
    tx: Transaction, service_id: UUID, since: datetime, until: datetime, width: timedelta
) -> list[SeriesPoint]:
    values = {"service_id": service_id, "since": since, "until": until, "width": width}
    rows = tx.driver.execute(_RAW, values).fetchall()
    (figures,) = measure(tx, [Stretch(service_id, since, until)])
    spans = corrections.spans(tx, [service_id], since, until).get(service_id, ())
    known = _by_width(figures.line.overlaid(spans), width)
    counts = {at: counted for at, *counted in rows}
    points = []
    for at in sorted(counts.keys() | known.keys()):
        checks, failed, mean, low, high, ranks = counts.get(at, (0, 0, None, None, None, None))
        sums = known.get(at, Totals())
        points.append(
            SeriesPoint(
                at,
                checks,
                failed,
                sums.uptime_percentage,
                *map(rounded, (mean, low, high, *(ranks or (None, None, None)))),
            )
        )
    return points


def _by_width(line: StatusLine, width: timedelta) -> dict[datetime, Totals]:
    """Return what is known of each interval of a line, without its outages."""
    step = width // _MILLISECOND
    sums: dict[int, Counter[SpanKind]] = defaultdict(Counter)
    for span in line.spans():
        if span.kind in (SpanKind.PENDING, SpanKind.PAUSED):
            continue
        begin = span.begin
        while begin < span.end and len(sums) <= MOST_POINTS:
            first = begin // step * step
            end = min(first + step, span.end)
            sums[first][span.kind] += end - begin
            begin = end
    return {
        moment(at): Totals(up_ms=kinds[SpanKind.UP], down_ms=kinds[SpanKind.DOWN])
        for at, kinds in sums.items()
    }


def _is_worth_a_point(sums: Totals, checks: int) -> bool:
    """Say whether an interval has checks, or is more than time before the first one, or a pause."""
    return checks > 0 or sums.pending_ms + sums.paused_ms < sums.length_ms


# An hour in which nothing was counted has no five minutes, but a line: nobody looked.
_FIVES = f"""
SELECT h.at, coalesce(f.checks, none.slots), coalesce(f.failed, none.slots),
    coalesce(f.cells, ''), h.line
FROM metric_hours h
LEFT JOIN metric_fives f ON f.service_id = h.service_id AND f.at = h.at
CROSS JOIN (SELECT array_fill(0::int2, ARRAY[{SLOTS}]) AS slots) none
WHERE h.service_id = %s AND h.at >= %s AND h.at < %s ORDER BY h.at
"""  # noqa: S608  constants


def _fives(
    tx: Transaction, service_id: UUID, since: datetime, until: datetime
) -> Iterator[SeriesPoint]:
    """Yield the five minutes of hours whose results are gone; response times are within 1 %."""
    spans = corrections.spans(tx, [service_id], since, until).get(service_id, ())
    for at, checks, failed, cells, packed in tx.driver.execute(
        _FIVES, (service_id, since, until)
    ).fetchall():
        begin = milliseconds(at)
        line = unpacked(begin, begin + HOUR_MS, packed).overlaid(spans)
        times = _slots(cells)
        for slot in range(SLOTS):
            first = begin + slot * _FIVE_MS
            sums = totals(line.clipped(first, first + _FIVE_MS))
            if _is_worth_a_point(sums, checks[slot]):
                yield _five(at + slot * FIVE_MINUTES, checks[slot], failed[slot], sums, times[slot])


def _slots(cells: bytes) -> list[dict[int, int]]:
    slots: list[dict[int, int]] = [{} for _ in range(SLOTS)]
    for cell, count in histogram.merged([cells]).items():
        slots[cell // CELLS_PER_SLOT][cell % CELLS_PER_SLOT - histogram.SHIFT] = count
    return slots


def _five(
    at: datetime, checks: int, failed: int, sums: Totals, times: dict[int, int]
) -> SeriesPoint:
    low, high, *percentiles = histogram.percentiles(times, (0, 1, 0.5, 0.95, 0.99), None, None)
    return SeriesPoint(
        at, checks, failed, sums.uptime_percentage, histogram.mean(times), low, high, *percentiles
    )
