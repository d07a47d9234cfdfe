"""Measuring of services from raw results: counts, histograms, and the status line.

SQL reduces thousands of results to a handful of runs; what they mean is decided in Python, in one
place for roll-ups, for the open hour and for the check of the one against the other.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.metrics.histogram import SHIFT
from app.domain.metrics.status_line import (
    KINDS,
    Run,
    Span,
    SpanKind,
    StatusLine,
    milliseconds,
    status_line,
)
from app.domain.rules.window_counts import GROWTH, SHORTEST_MS
from app.operations.metrics.cells import CELLS_PER_SLOT, SLOTS, UNTIMED, Counts, counted
from app.platform.transaction import Transaction

# The confirmed status of a result's service then, and whether the result tells something by it.
SETTLED = "coalesce(settled_status, status)"
COUNTS = f"{SETTLED} IN ('GREEN', 'YELLOW', 'RED') AND NOT in_maintenance"
# Whether a result tells something by its own status: whose response times make percentiles.
TELLS = "status IN ('GREEN', 'YELLOW', 'RED') AND NOT in_maintenance"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time of one service that is asked for."""

    service_id: UUID
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the results of a stretch of time."""

    line: StatusLine  # with pauses, without corrections
    late: timedelta  # how long after it was due a check may have begun
    has_regions: bool  # whether more than one region checked
    slow: int
    settled: int
    settled_failed: int
    sum_ms: float
    min_ms: float | None
    max_ms: float | None
    counts: Counts


# Numbers, which PostgreSQL compares faster than words, of what a result says of its time, and of
# its own status; 0 where that tells nothing.
_UP, _DOWN = KINDS.index(SpanKind.UP), KINDS.index(SpanKind.DOWN)
_KIND = f"""CASE WHEN in_maintenance THEN {KINDS.index(SpanKind.MAINTENANCE)} ELSE CASE {SETTLED}
    WHEN 'GREEN' THEN {_UP} WHEN 'YELLOW' THEN {_UP} WHEN 'RED' THEN {_DOWN}
    WHEN 'PENDING' THEN {KINDS.index(SpanKind.PENDING)}
    ELSE {KINDS.index(SpanKind.UNKNOWN)} END END"""
_GREEN, _YELLOW, _RED = 1, 2, 3
_OWN = f"""CASE WHEN in_maintenance THEN 0 ELSE CASE status WHEN 'GREEN' THEN {_GREEN}
    WHEN 'YELLOW' THEN {_YELLOW} WHEN 'RED' THEN {_RED} ELSE 0 END END"""
_NEWEST = 50
_LATE_SECONDS = 600  # that a check may begin later than an interval after it was due
_REACH_SECONDS = 75 * 3600  # for how long before a stretch results are looked for
_COVER = "coalesce(cover_seconds, w.cover) * interval '1 second'"

# The newest result before a stretch is looked for among the fifty that were due last: the regions
# of a service record theirs a little out of order. A check may begin up to an interval after it was
# due, by the interval of then, which the cover of the result before tells; clocks may be off by a
# minute. So a result that still speaks is among those due within its cover and that lateness: a
# handful. Only where nothing is found there, since nobody looked for a while or the interval was
# longer then, it is looked for further back. Fifty are usually due within sixty intervals: to be
# told so keeps PostgreSQL from reading days of results, which it does where its estimates are of a
# table that is just being filled.
# OFFSET keeps each LATERAL a loop over index-only scans of one service.
_NEWEST_SINCE = f"""
    SELECT checked_at, kind, covered, cover, count(*) OVER () AS found FROM (
        SELECT checked_at, region, {_KIND} AS kind, checked_at + {_COVER} AS covered,
            coalesce(cover_seconds, w.cover) AS cover
        FROM check_results
        WHERE service_id = w.id
          AND scheduled_for >= w.since - least({{seconds}}, {_REACH_SECONDS}) * interval '1 second'
          AND scheduled_for < w.since + interval '1 minute' AND checked_at < w.since
        ORDER BY scheduled_for DESC, region DESC LIMIT {_NEWEST}
    ) newest ORDER BY checked_at DESC, region DESC LIMIT 1
"""  # noqa: S608  constants
MEASURE = f"""
SELECT w.place, p.checked_at, p.kind, p.covered, l.late, h.*
FROM unnest(%(ids)b::uuid[], %(since)b::timestamptz[], %(until)b::timestamptz[],
        %(interval)b::int[], %(cover)b::int[])
    WITH ORDINALITY AS w (id, since, until, every, cover, place)
LEFT JOIN LATERAL (
    {_NEWEST_SINCE.format(seconds=f"w.cover + w.every + {_LATE_SECONDS}")}
) near ON true
LEFT JOIN LATERAL (
    SELECT newest.* FROM unnest(ARRAY[60, 240, 960, 3840, NULL]) AS step (intervals)
    CROSS JOIN LATERAL (
        {_NEWEST_SINCE.format(seconds="step.intervals::bigint * w.every")}
    ) newest
    WHERE near.checked_at IS NULL AND (newest.found = {_NEWEST} OR step.intervals IS NULL)
    LIMIT 1
) far ON true
CROSS JOIN LATERAL (
    SELECT coalesce(near.checked_at, far.checked_at) AS checked_at,
        coalesce(near.kind, far.kind) AS kind, coalesce(near.covered, far.covered) AS covered,
        coalesce(near.cover, far.cover) AS cover
) p
CROSS JOIN LATERAL (
    SELECT greatest(w.every, p.cover / 2) * interval '1 second'
        + {_LATE_SECONDS} * interval '1 second' AS late
) l
CROSS JOIN LATERAL (
    SELECT array_agg(w.since + n * (w.until - w.since) / {SLOTS}) AS borders
    FROM generate_series(1, {SLOTS - 1}) n
) b
CROSS JOIN LATERAL (
    WITH r AS MATERIALIZED (
        SELECT checked_at, region, {_KIND} AS kind, {_OWN} AS own, response_time_ms,
            checked_at + {_COVER} AS covered
        FROM check_results
        WHERE service_id = w.id AND scheduled_for >= w.since - l.late
          AND scheduled_for < w.until + interval '1 minute'
          AND checked_at >= w.since AND checked_at < w.until
        OFFSET 0
    )
    SELECT s.*, c.cells, c.others FROM (
        SELECT count(*) FILTER (WHERE own = {_YELLOW}) AS slow,
            count(*) FILTER (WHERE kind IN ({_UP}, {_DOWN})) AS settled,
            count(*) FILTER (WHERE kind = {_DOWN}) AS settled_failed,
            sum(round(response_time_ms::float8 * 100)::bigint) FILTER (WHERE own > 0) AS total,
            min(response_time_ms) FILTER (WHERE own > 0) AS low,
            max(response_time_ms) FILTER (WHERE own > 0) AS high,
            array_agg(checked_at ORDER BY checked_at, region) FILTER (WHERE starts) AS begins,
            array_agg(kind ORDER BY checked_at, region) FILTER (WHERE starts) AS kinds,
            array_agg(held ORDER BY checked_at, region) FILTER (WHERE starts) AS held,
            max(covered) FILTER (WHERE is_last) AS covered, bool_or(is_elsewhere) AS has_regions
        FROM (
            SELECT *, lag(covered) OVER times AS held, lead(kind) OVER times IS NULL AS is_last,
                lag(region) OVER times <> region AS is_elsewhere,
                lag(kind) OVER times IS DISTINCT FROM kind OR lag(covered) OVER times < checked_at
                    AS starts
            FROM r WINDOW times AS (ORDER BY checked_at, region)
        ) ordered
    ) s CROSS JOIN (
        SELECT string_agg(int2send(cell) || int4send(n), ''::bytea ORDER BY cell)
                FILTER (WHERE is_timed) AS cells,
            string_agg(int2send(cell) || int4send(n) || int4send(failed), ''::bytea)
                FILTER (WHERE failed > 0 OR NOT is_timed) AS others
        FROM (SELECT *, mod(cell, {CELLS_PER_SLOT}::int2) <> {UNTIMED} AS is_timed FROM (
            SELECT (width_bucket(checked_at, b.borders) * {CELLS_PER_SLOT}
                + CASE WHEN response_time_ms IS NULL THEN {UNTIMED} ELSE {SHIFT}
                    + floor(ln(greatest(response_time_ms::float8, {SHORTEST_MS}))
                        / ln({GROWTH}::float8)) END)::int2 AS cell,
                count(*)::int4 AS n, (count(*) FILTER (WHERE own = {_RED}))::int4 AS failed
            FROM r WHERE own > 0 GROUP BY 1
        ) grouped) told
    ) c
) h
ORDER BY w.place
"""  # noqa: S608  constants

_SERVICES = """
SELECT id, check_interval_seconds,
    2 * check_interval_seconds + ceil(timeout_seconds)::int + 5 AS cover
FROM services WHERE id = ANY(%b::uuid[])
"""

_PAUSES = """
SELECT service_id, at, to_status = 'PAUSED' FROM status_changes
WHERE service_id = ANY(%b::uuid[]) AND at < %s AND (from_status = 'PAUSED' OR to_status = 'PAUSED')
ORDER BY service_id, at, id
"""

# Whether a service was ever checked before the results that are within reach of a stretch.
_SEEN_BEFORE = """
SELECT w.place FROM unnest(%s::uuid[], %s::timestamptz[]) WITH ORDINALITY AS w (id, since, place)
WHERE EXISTS (SELECT FROM check_results
        WHERE service_id = w.id AND scheduled_for < w.since AND checked_at < w.since)
    OR EXISTS (SELECT FROM metric_hours WHERE service_id = w.id
        AND at <= w.since - interval '1 hour'
        AND up_ms + down_ms + unknown_ms + maintenance_ms > 0)
    OR EXISTS (SELECT FROM metric_days WHERE service_id = w.id AND at <= w.since - interval '1 day'
        AND up_ms + down_ms + unknown_ms + maintenance_ms > 0)
"""


def measure(tx: Transaction, stretches: Sequence[Stretch]) -> list[Figures]:
    """Return the figures of stretches of time, in their order; results of long ago may be gone."""
    if not stretches:
        return []
    ids = {stretch.service_id for stretch in stretches}
    services = {id: both for id, *both in tx.driver.execute(_SERVICES, (list(ids),)).fetchall()}
    known = [services.get(stretch.service_id, [60, 135]) for stretch in stretches]
    rows = tx.driver.execute(
        MEASURE,
        {
            "ids": [stretch.service_id for stretch in stretches],
            "since": [stretch.since for stretch in stretches],
            "until": [stretch.until for stretch in stretches],
            "interval": [interval for interval, _ in known],
            "cover": [cover for _, cover in known],
        },
    ).fetchall()
    end = max(stretch.until for stretch in stretches)
    pauses = _pauses(tx, ids, end)
    if end > (now := tx.now()):
        # The last result speaks for a while, but of what is to come nothing is known.
        to_come = Span(milliseconds(now), milliseconds(end), SpanKind.PENDING)
        for service_id in ids:
            pauses[service_id].append(to_come)
    both = zip(stretches, rows, strict=True)
    unseen = [stretch for stretch, (_, seen_at, *_) in both if seen_at is None]
    seen = _seen_before(tx, unseen)
    return [
        _figures(stretch, row, pauses[stretch.service_id], seen_before=stretch in seen)
        for stretch, row in zip(stretches, rows, strict=True)
    ]


def _pauses(tx: Transaction, ids: Iterable[UUID], until: datetime) -> dict[UUID, list[Span]]:
    """Return when services were paused; a pause that goes on ends at the end of time asked for."""
    result: dict[UUID, list[Span]] = defaultdict(list)
    begun: dict[UUID, int] = {}
    for service_id, at, begins in tx.driver.execute(_PAUSES, (list(ids), until)).fetchall():
        if begins:
            begun.setdefault(service_id, milliseconds(at))
        elif service_id in begun:
            result[service_id].append(
                Span(begun.pop(service_id), milliseconds(at), SpanKind.PAUSED)
            )
    for service_id, at in begun.items():
        result[service_id].append(Span(at, milliseconds(until), SpanKind.PAUSED))
    return result


def _seen_before(tx: Transaction, stretches: Sequence[Stretch]) -> set[Stretch]:
    """Return the stretches of services that had ever been checked before."""
    if not stretches:
        return set()
    rows = tx.driver.execute(
        _SEEN_BEFORE,
        ([one.service_id for one in stretches], [one.since for one in stretches]),
    ).fetchall()
    return {stretches[place - 1] for (place,) in rows}


def _figures(
    stretch: Stretch, row: tuple[Any, ...], paused: Sequence[Span], *, seen_before: bool
) -> Figures:
    _, at, kind, covered, late, slow, settled, settled_failed, total, low, high, *rest = row
    *runs, has_regions, cells, others = rest
    known = [] if at is None else [Run(milliseconds(at), KINDS[kind], milliseconds(covered))]
    line = status_line(
        milliseconds(stretch.since),
        milliseconds(stretch.until),
        [*known, *_runs(*runs)],
        seen_before=seen_before,
        paused=paused,
    )
    return Figures(
        line=line,
        late=late,
        has_regions=bool(has_regions),
        slow=slow,
        settled=settled,
        settled_failed=settled_failed,
        sum_ms=float(total or 0) / 100,
        min_ms=low,
        max_ms=high,
        counts=counted(cells or b"", others or b""),
    )


def _runs(
    begins: list[datetime] | None,
    kinds: list[int],
    held: list[datetime | None],
    covered: datetime,
) -> list[Run]:
    """Return the runs of a stretch; how long one is covered stands with the one after it."""
    if not begins:
        return []
    ends = [*held[1:], covered]
    return [
        Run(milliseconds(begin), KINDS[kind], milliseconds(end))
        for begin, kind, end in zip(begins, kinds, ends, strict=True)
        if end is not None
    ]
