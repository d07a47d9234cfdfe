"""Rows of hours and days: how figures are stored, and read again."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from app.domain.metrics import histogram
from app.domain.metrics.bucket import Bucket
from app.domain.metrics.status_line import Span
from app.domain.metrics.totals import Totals, totals
from app.operations.metrics.measure import Figures

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

_TOTALS = (
    *("up_ms", "down_ms", "unknown_ms", "maintenance_ms", "paused_ms"),
    *("inner_outages", "longest_inner_ms", "head_ms", "tail_ms"),
)
_COUNTS = (
    *("checks", "failed", "slow", "settled", "settled_failed", "timed"),
    *("sum_ms", "min_ms", "max_ms"),
)
_STORED = ("organization_id", "service_id", "at", *_TOTALS, *_COUNTS, "hist")
# What `bucket` reads; without `hist` where no percentile is asked for.
COLUMNS = ", ".join((*_TOTALS, *_COUNTS))
COLUMNS_WITH_HISTOGRAM = f"{COLUMNS}, hist"


def _upsert(table: str, columns: Sequence[str]) -> str:
    values = ", ".join(["%s"] * len(columns))
    changes = ", ".join(
        f"{name} = excluded.{name}" for name in columns if name not in ("service_id", "at")
    )
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table} ({names}) VALUES ({values})"  # noqa: S608  constants
        f" ON CONFLICT (service_id, at) DO UPDATE SET {changes}"
    )


STORE_HOUR = _upsert("metric_hours", (*_STORED, "line"))
STORE_DAY = _upsert("metric_days", _STORED)


def measured(figures: Figures, corrections: Iterable[Span] = ()) -> Bucket:
    """Return what was measured as a bucket, with the corrections of its stretch laid on top."""
    return Bucket(
        totals(figures.line.overlaid(corrections)),
        sum(figures.counts.checks),
        sum(figures.counts.failed),
        figures.slow,
        figures.settled,
        figures.settled_failed,
        figures.counts.timed,
        figures.sum_ms,
        figures.min_ms,
        figures.max_ms,
        (histogram.pack(figures.counts.buckets),),
    )


def totals_columns(totals: Totals) -> tuple[int, ...]:
    """Return the columns of totals, in the order of a row; pending time is what they leave."""
    return (
        totals.up_ms,
        totals.down_ms,
        totals.unknown_ms,
        totals.maintenance_ms,
        totals.paused_ms,
        totals.inner_outages,
        totals.longest_inner_ms,
        totals.head_ms,
        totals.tail_ms,
    )


def stored(organization_id: UUID, service_id: UUID, at: object, bucket: Bucket) -> tuple[Any, ...]:
    """Return a bucket as a row for STORE_HOUR (which adds the line) and STORE_DAY."""
    is_packed = len(bucket.histograms) == 1
    packed = bucket.histograms[0] if is_packed else histogram.pack(bucket.histogram())
    return (
        organization_id,
        service_id,
        at,
        *totals_columns(bucket.totals),
        bucket.checks,
        bucket.failed,
        bucket.slow,
        bucket.settled,
        bucket.settled_failed,
        bucket.timed,
        bucket.sum_ms,
        bucket.min_ms,
        bucket.max_ms,
        packed,
    )


def bucket(row: Sequence[Any], length_ms: int) -> Bucket:
    """Return the bucket of a row that begins with `COLUMNS`, and may go on with `hist`."""
    up, down, unknown, maintenance, paused, inner, longest, head, tail, *counts = row
    checks, failed, slow, settled, settled_failed, timed, sum_ms, min_ms, max_ms, *packed = counts
    pending = length_ms - up - down - unknown - maintenance - paused
    return Bucket(
        Totals(up, down, unknown, maintenance, paused, pending, inner, longest, head, tail),
        checks=checks,
        failed=failed,
        slow=slow,
        settled=settled,
        settled_failed=settled_failed,
        timed=timed,
        sum_ms=sum_ms,
        min_ms=min_ms,
        max_ms=max_ms,
        histograms=tuple(packed[:1]),
    )
