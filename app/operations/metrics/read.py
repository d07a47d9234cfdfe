"""Figures of services over a window, read from the coarsest level that answers each part of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.metrics import histogram
from app.domain.metrics.bucket import Bucket, put_together
from app.domain.metrics.plan import DAY as A_DAY
from app.domain.metrics.plan import Level, Piece, StoredData, floor, plan
from app.domain.metrics.status_line import Span, milliseconds
from app.domain.metrics.totals import totals
from app.operations.metrics import corrections, folded, progress
from app.operations.metrics.cells import of_cells
from app.operations.metrics.measure import Figures, Stretch, measure
from app.operations.metrics.rows import DAY_MS, HOUR_MS, measured
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction

_TABLES = {Level.HOURS: ("metric_hours", HOUR_MS), Level.DAYS: ("metric_days", DAY_MS)}


def pieces(tx: Transaction, since: datetime, until: datetime) -> list[Piece]:
    """Return which levels answer a window that is not empty."""
    state = progress.read(tx)
    config = runtime().config
    today = floor(tx.now(), A_DAY)
    reach = StoredData(
        rolled_until=state.done_until if state else None,
        raw_since=today - timedelta(days=config.raw_retention_days),
        hours_since=today - timedelta(days=config.hours_retention_days),
    )
    return plan(since, until, reach)


def read(
    tx: Transaction, ids: Sequence[UUID], parts: Sequence[Piece], *, with_histogram: bool = False
) -> dict[UUID, Bucket]:
    """Return the figures of services over the parts of a window, in one piece each.

    Time of which there is no record, such as before a service was made, is pending.
    """
    found: dict[UUID, list[Bucket]] = {service_id: [] for service_id in ids}
    for part in parts:
        for service_id, one in _part(tx, ids, part, with_histogram).items():
            found[service_id].append(one)
    # The parts are cut to whole milliseconds at both ends, so their sum is: with the time between
    # the ends cut instead, a window could have a millisecond less than its parts.
    length = milliseconds(parts[-1].until) - milliseconds(parts[0].since)
    return {service_id: _filled(buckets, length) for service_id, buckets in found.items()}


@dataclass(slots=True)
class Sums:
    """Sums of a service over a window, in milliseconds and results; without its outages."""

    up_ms: int = 0
    down_ms: int = 0
    checks: int = 0
    failed: int = 0
    timed: int = 0
    min_ms: float | None = None
    max_ms: float | None = None

    def add(self, *parts: Any) -> None:
        """Add sums, and the shortest and the longest response time, in the order of the fields."""
        *sums, low, high = parts
        for name, amount in zip(_SUMMED, sums, strict=True):
            setattr(self, name, getattr(self, name) + amount)
        self.min_ms = min((ms for ms in (self.min_ms, low) if ms is not None), default=None)
        self.max_ms = max((ms for ms in (self.max_ms, high) if ms is not None), default=None)


_SUMMED = ("up_ms", "down_ms", "checks", "failed", "timed")


def sums(
    tx: Transaction, organization_id: UUID, ids: Sequence[UUID], parts: Sequence[Piece]
) -> tuple[dict[UUID, Sums], dict[int, int]]:
    """Return the sums of services of an organization, and the response times of all together.

    Rolled up hours of the organization as a whole tell its response times where they hold exactly
    these services: not with some of them, nor while one that was deleted is still in there.
    """
    found = {service_id: Sums() for service_id in ids}
    packed: list[bytes] = []
    rolled = [part for part in parts if part.level is not Level.RAW]
    values = {"organization_id": organization_id, "ids": list(ids)}
    for part in rolled:
        statement = _SUMS.format(table=_TABLES[part.level][0])
        window = {"since": part.since, "until": part.until}
        for service_id, *row in tx.driver.execute(statement.encode(), values | window).fetchall():
            found[service_id].add(*row)
    if rolled:
        timed = sum(one.timed for one in found.values())
        window = {"since": rolled[0].since, "until": rolled[-1].until}
        counted, whole = tx.driver.execute(_ORGANIZATION, values | window).fetchall()[0]
        packed += [whole] if counted == timed else _histograms(tx, ids, rolled)
    times = Counter(histogram.merged(packed))
    stretches = [
        Stretch(service_id, part.since, part.until)
        for part in parts
        if part.level is Level.RAW
        for service_id in ids
    ]
    # Response times of all are wanted, not of each: cells are merged as they come.
    cells: list[bytes] = []
    for stretch, figures, spans in _raw(tx, stretches):
        line, counts = totals(figures.line.overlaid(spans)), figures.counts
        amounts = (sum(counts.checks), sum(counts.failed), counts.timed)
        found[stretch.service_id].add(
            line.up_ms, line.down_ms, *amounts, figures.min_ms, figures.max_ms
        )
        cells.append(counts.packed)
    times.update(of_cells(histogram.merged(cells)))
    return found, times


_SUMS = """
SELECT service_id, sum(up_ms)::bigint, sum(down_ms)::bigint, sum(checks)::bigint,
    sum(failed)::bigint, sum(timed)::bigint, min(min_ms), max(max_ms)
FROM {table}
WHERE organization_id = %(organization_id)s AND service_id = ANY(%(ids)b::uuid[])
  AND at >= %(since)s AND at < %(until)s
GROUP BY service_id
"""
_ORGANIZATION = """
SELECT coalesce(sum(timed), 0), coalesce(string_agg(hist, ''), '') FROM metric_org_hours
WHERE organization_id = %(organization_id)s AND at >= %(since)s AND at < %(until)s
"""


def _histograms(tx: Transaction, ids: Sequence[UUID], parts: Iterable[Piece]) -> list[bytes]:
    """Return the packed response times of services over rolled up parts."""
    return [
        packed
        for part in parts
        for one in _part(tx, ids, part, with_histogram=True).values()
        for packed in one.histograms
    ]


def measured_at(tx: Transaction, stretches: Sequence[Stretch]) -> list[Bucket]:
    """Return the figures of stretches from raw results, corrections included, in their order."""
    return [measured(figures, spans) for _, figures, spans in _raw(tx, stretches)]


def _raw(
    tx: Transaction, stretches: Sequence[Stretch]
) -> Iterator[tuple[Stretch, Figures, Sequence[Span]]]:
    """Yield stretches with what is measured of them, and the corrections of their services."""
    if not stretches:
        return
    spans = corrections.spans(
        tx,
        {one.service_id for one in stretches},
        min(one.since for one in stretches),
        max(one.until for one in stretches),
    )
    for stretch, figures in zip(stretches, measure(tx, stretches), strict=True):
        yield stretch, figures, spans.get(stretch.service_id, ())


def _part(
    tx: Transaction, ids: Sequence[UUID], part: Piece, with_histogram: bool
) -> Mapping[UUID, Bucket]:
    if part.level is Level.RAW:
        stretches = [Stretch(service_id, part.since, part.until) for service_id in ids]
        return dict(zip(ids, measured_at(tx, stretches), strict=True))
    table, length_ms = _TABLES[part.level]
    return folded.fold(
        tx, table, length_ms, ids, part.since, part.until, with_histogram=with_histogram
    )


def _filled(buckets: Sequence[Bucket], length_ms: int) -> Bucket:
    merged = put_together(buckets)
    return replace(merged, totals=merged.totals.filled(length_ms))
