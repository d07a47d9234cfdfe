"""Hours or days of services folded into one bucket each, in sets: PostgreSQL adds them up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from app.domain.metrics import histogram
from app.domain.metrics.bucket import Bucket
from app.domain.metrics.totals import Totals
from app.platform.transaction import Transaction

# Merging a month of histograms takes longer than all else of a report. Those of rows that are over
# change only with the count of their results: results that come late add to it.
_MOST_KEPT = 5_000  # of about 1 kB
_merged: dict[tuple[Any, ...], bytes] = {}
_lock = Lock()
_NO_OUTAGES = (0, 0, 0, 0)

_SUMS = """
SELECT service_id, count(*), count(*) FILTER (WHERE up_ms > 0), sum(up_ms)::bigint,
    sum(down_ms)::bigint, sum(unknown_ms)::bigint, sum(maintenance_ms)::bigint,
    sum(paused_ms)::bigint, sum(inner_outages)::bigint, max(longest_inner_ms),
    sum(checks)::bigint, sum(failed)::bigint, sum(slow)::bigint, sum(settled)::bigint,
    sum(settled_failed)::bigint, sum(timed)::bigint, sum(sum_ms), min(min_ms), max(max_ms)
FROM {table}
WHERE service_id = ANY(%(ids)b) AND at >= %(since)s AND at < %(until)s
GROUP BY service_id
"""
_HISTOGRAMS = """
SELECT service_id, string_agg(hist, ''::bytea) FROM {table}
WHERE service_id = ANY(%(ids)b) AND at >= %(since)s AND at < %(until)s AND timed > 0
GROUP BY service_id
"""
# What `Totals.__add__` does to outages, for all rows at once. Time between two rows with any UP is
# one gap, numbered by how many such rows are before it: the DOWN in it is one outage. The first gap
# is open to the time before, the last one to the time after.
_OUTAGES = """
SELECT id, coalesce(sum(ms) FILTER (WHERE gap = 0), 0)::bigint,
    coalesce(sum(ms) FILTER (WHERE gap = last), 0)::bigint,
    count(*) FILTER (WHERE gap > 0 AND gap < last),
    coalesce(max(ms) FILTER (WHERE gap > 0 AND gap < last), 0)::bigint
FROM (
    SELECT id, last, gap, sum(ms) AS ms
    FROM (
        SELECT w.id, w.last, m.up_ms > 0 AS is_up, m.head_ms, m.tail_ms,
            count(*) FILTER (WHERE m.up_ms > 0) OVER (PARTITION BY w.id ORDER BY m.at) AS ups
        FROM unnest(%(ids)b::uuid[], %(last)b::bigint[]) AS w (id, last)
        JOIN {table} m ON m.service_id = w.id AND m.at >= %(since)s AND m.at < %(until)s
    ) ordered CROSS JOIN LATERAL (
        SELECT ups - is_up::int, head_ms WHERE head_ms > 0
        UNION ALL SELECT ups, tail_ms WHERE is_up AND tail_ms > 0
    ) AS down (gap, ms)
    GROUP BY id, last, gap
) gaps
GROUP BY id
"""


def fold(
    tx: Transaction,
    table: str,
    length_ms: int,
    ids: Sequence[UUID],
    since: datetime,
    until: datetime,
    *,
    with_histogram: bool,
) -> Mapping[UUID, Bucket]:
    """Return the figures of services over the rows of a table, each row so many milliseconds long.

    Services without any row are left out.
    """
    values = {"ids": list(ids), "since": since, "until": until}
    rows = tx.driver.execute(_SUMS.format(table=table).encode(), values).fetchall()
    ups = {service_id: up_rows for service_id, _, up_rows, _, down, *_ in rows if down}
    outages = _outages(tx, table, ups, values)
    folded = {}
    for service_id, count, _, up, down, unknown, maintenance, paused, inner, longest, *rest in rows:
        head, tail, met, longest_met = outages.get(service_id, _NO_OUTAGES)
        totals = Totals(
            up,
            down,
            unknown,
            maintenance,
            paused,
            count * length_ms - up - down - unknown - maintenance - paused,
            inner + met,
            max(longest, longest_met),
            head,
            tail,
        )
        folded[service_id] = Bucket(totals, *rest)
    return _with_histograms(tx, table, folded, values) if with_histogram else folded


def _outages(
    tx: Transaction, table: str, ups: Mapping[UUID, int], values: Mapping[str, Any]
) -> Mapping[UUID, tuple[int, int, int, int]]:
    """Return of services with DOWN: before the first UP, after the last, outages in between.

    The last are those that go from one row to another: how many, and the longest of them. `ups`
    says how many rows of a service have any UP.
    """
    if not ups:
        return {}
    asked = {**values, "ids": list(ups), "last": list(ups.values())}
    rows = tx.driver.execute(_OUTAGES.format(table=table).encode(), asked).fetchall()
    return {service_id: (head, tail, met, longest) for service_id, head, tail, met, longest in rows}


def _with_histograms(
    tx: Transaction, table: str, buckets: Mapping[UUID, Bucket], values: Mapping[str, Any]
) -> Mapping[UUID, Bucket]:
    window = (table, values["since"], values["until"])
    keys = {id: (id, *window, one.timed, one.sum_ms) for id, one in buckets.items() if one.timed}
    kept = {id: _merged.get(key) for id, key in keys.items()}
    found = {id: packed for id, packed in kept.items() if packed is not None}
    if missing := [id for id in keys if id not in found]:
        statement = _HISTOGRAMS.format(table=table).encode()
        for id, packed in tx.driver.execute(statement, {**values, "ids": missing}).fetchall():
            found[id] = histogram.pack(histogram.merged([packed]))
            _keep(keys[id], found[id])
    return {
        id: replace(one, histograms=(found[id],) if id in found else ())
        for id, one in buckets.items()
    }


def _keep(key: tuple[Any, ...], packed: bytes) -> None:
    with _lock:
        if len(_merged) >= _MOST_KEPT:
            _merged.pop(next(iter(_merged)))
        _merged[key] = packed
