"""Figures of a service by region, for hours in which more than one region checked it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.metrics.bucket import Bucket
from app.domain.metrics.plan import DAY, HOUR, ceiling, floor
from app.domain.rules.window_counts import GROWTH, SHORTEST_MS
from app.operations.metrics import progress
from app.operations.metrics.measure import TELLS
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction, transaction

_SHARES = (0.5, 0.95, 0.99)
_COLUMNS = "region, checks, failed, slow, timed, sum_ms, min_ms, max_ms, hist"
# The greatest interval is a day; a check may begin so late.
_LATEST = timedelta(hours=25)
# OFFSET keeps the LATERAL a loop over index-only scans of one service.
_MEASURE = f"""
SELECT w.organization_id, w.id, w.since, r.*
FROM unnest(%(owners)s::uuid[], %(ids)s::uuid[], %(since)s::timestamptz[],
    %(until)s::timestamptz[], %(late)s::interval[]) AS w (organization_id, id, since, until, late)
CROSS JOIN LATERAL (
    SELECT region, sum(n)::int AS checks, sum(failed)::int AS failed, sum(slow)::int AS slow,
        coalesce(sum(n) FILTER (WHERE place IS NOT NULL), 0)::int AS timed,
        coalesce(sum(total), 0)::float8 / 100 AS sum_ms, min(low) AS min_ms, max(high) AS max_ms,
        coalesce(string_agg(int2send(place) || int4send(n), ''::bytea ORDER BY place)
            FILTER (WHERE place IS NOT NULL), '') AS hist
    FROM (
        SELECT region, CASE WHEN response_time_ms IS NOT NULL THEN floor(
                ln(greatest(response_time_ms::float8, {SHORTEST_MS})) / ln({GROWTH}::float8)
            ) END::int2 AS place,
            count(*)::int4 AS n, count(*) FILTER (WHERE status = 'RED') AS failed,
            count(*) FILTER (WHERE status = 'YELLOW') AS slow,
            sum(round(response_time_ms::float8 * 100)::bigint) AS total,
            min(response_time_ms) AS low, max(response_time_ms) AS high
        FROM (
            SELECT region, status, response_time_ms FROM check_results
            WHERE service_id = w.id AND scheduled_for >= w.since - w.late
              AND scheduled_for < w.until + interval '1 minute'
              AND checked_at >= w.since AND checked_at < w.until AND {TELLS}
            OFFSET 0
        ) results
        GROUP BY 1, 2
    ) cells
    GROUP BY region
) r
ORDER BY w.id, w.since, region
"""  # noqa: S608  constants
_STORE = f"""
INSERT INTO metric_region_hours (organization_id, service_id, at, {_COLUMNS})
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (service_id, at, region) DO UPDATE SET checks = excluded.checks,
    failed = excluded.failed, slow = excluded.slow, timed = excluded.timed,
    sum_ms = excluded.sum_ms, min_ms = excluded.min_ms, max_ms = excluded.max_ms,
    hist = excluded.hist
"""  # noqa: S608  constants
_READ = f"""
SELECT {_COLUMNS} FROM metric_region_hours
WHERE service_id = %s AND at >= %s AND at < %s ORDER BY region, at
"""  # noqa: S608  constants

# An organization, its service, the hour's begin, and how late a check may have begun.
RegionHour = tuple[UUID, UUID, datetime, timedelta]


@dataclass(frozen=True, slots=True)
class RegionFigures:
    """Figures of the checks of one region; response times in milliseconds, within 1 %."""

    region: str
    checks: int
    failed_checks: int
    check_success_percentage: float | None
    avg_ms: float | None
    min_ms: float | None
    max_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


def compute(tx: Transaction, hours: Sequence[RegionHour]) -> None:
    """Compute hours by region from raw results and store them; the same bytes each time."""
    if rows := _of_several(_measured(tx, hours)):
        tx.driver.cursor().executemany(_STORE, rows)


def by_region(
    organization_id: UUID, service_id: UUID, since: datetime, until: datetime
) -> list[RegionFigures]:
    """Return the figures of each region, by name, over the whole hours (UTC) that a window touches.

    Empty where no hour was checked from more than one region.
    """
    since, until = floor(since, HOUR), ceiling(until, HOUR)
    with transaction() as tx:
        state = progress.read(tx)
        rolled = max(since, min(until, state.done_until)) if state else since
        rows = tx.driver.execute(_READ, (service_id, since, rolled)).fetchall()
        # There are raw results neither of what is to come nor of long ago, however wide the window.
        now, kept_days = tx.now(), runtime().config.raw_retention_days
        begin = max(rolled, floor(now, DAY) - timedelta(days=kept_days))
        hours = range((min(until, ceiling(now, HOUR)) - begin) // HOUR)
        open_hours = [begin + number * HOUR for number in hours]
        late = [(organization_id, service_id, at, _LATEST) for at in open_hours]
        rows += [row[3:] for row in _of_several(_measured(tx, late))]
    found: dict[str, Bucket] = defaultdict(Bucket)
    for region, *row in rows:
        found[region] += _bucket(row)
    return [_figures(region, found[region]) for region in sorted(found)]


def _measured(tx: Transaction, hours: Sequence[RegionHour]) -> list[tuple[Any, ...]]:
    if not hours:
        return []
    owners, ids, begins, late = (list(column) for column in zip(*hours, strict=True))
    ends = [at + HOUR for at in begins]
    values = {"owners": owners, "ids": ids, "since": begins, "until": ends, "late": late}
    return tx.driver.execute(_MEASURE, values).fetchall()


def _of_several(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the rows of hours in which more than one region told something."""
    by_hour: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        by_hour[row[1:3]].append(row)
    return [row for each in by_hour.values() if len(each) > 1 for row in each]


def _bucket(row: Sequence[Any]) -> Bucket:
    checks, failed, slow, timed, sum_ms, min_ms, max_ms, packed = row
    return Bucket(
        checks=checks,
        failed=failed,
        slow=slow,
        timed=timed,
        sum_ms=sum_ms,
        min_ms=min_ms,
        max_ms=max_ms,
        histograms=(packed,),
    )


def _figures(region: str, whole: Bucket) -> RegionFigures:
    p50, p95, p99 = whole.percentiles(*_SHARES)
    return RegionFigures(
        region,
        whole.checks,
        whole.failed,
        whole.check_success_percentage,
        whole.mean_ms,
        whole.min_ms,
        whole.max_ms,
        p50,
        p95,
        p99,
    )
