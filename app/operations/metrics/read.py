"""Read figures of services over a window, from the coarsest level that answers each part of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.metrics.bucket import Bucket, put_together
from app.domain.metrics.plan import DAY as A_DAY
from app.domain.metrics.plan import Level, Piece, StoredData, floor, plan
from app.operations.metrics import corrections, progress
from app.operations.metrics.measure import Stretch, measure
from app.operations.metrics.rows import (
    COLUMNS,
    COLUMNS_WITH_HISTOGRAM,
    DAY_MS,
    HOUR_MS,
    bucket,
    measured,
)
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
        for service_id, buckets in _part(tx, ids, part, with_histogram).items():
            found[service_id].extend(buckets)
    length = (parts[-1].until - parts[0].since) // timedelta(milliseconds=1)
    return {service_id: _filled(buckets, length) for service_id, buckets in found.items()}


def measured_at(tx: Transaction, stretches: Sequence[Stretch]) -> list[Bucket]:
    """Return the figures of stretches from raw results, corrections included, in their order."""
    if not stretches:
        return []
    spans = corrections.spans(
        tx,
        {one.service_id for one in stretches},
        min(one.since for one in stretches),
        max(one.until for one in stretches),
    )
    return [
        measured(figures, spans.get(stretch.service_id, ()))
        for stretch, figures in zip(stretches, measure(tx, stretches), strict=True)
    ]


def _part(
    tx: Transaction, ids: Sequence[UUID], part: Piece, with_histogram: bool
) -> Mapping[UUID, Iterable[Bucket]]:
    found: dict[UUID, list[Bucket]] = defaultdict(list)
    if part.level is Level.RAW:
        stretches = [Stretch(service_id, part.since, part.until) for service_id in ids]
        for stretch, one in zip(stretches, measured_at(tx, stretches), strict=True):
            found[stretch.service_id].append(one)
        return found
    table, length = _TABLES[part.level]
    columns = COLUMNS_WITH_HISTOGRAM if with_histogram else COLUMNS
    rows = tx.driver.execute(
        f"SELECT service_id, {columns} FROM {table}"  # noqa: S608  constants
        " WHERE service_id = ANY(%s) AND at >= %s AND at < %s ORDER BY service_id, at",
        (list(ids), part.since, part.until),
    )
    for service_id, *row in rows:
        found[service_id].append(bucket(row, length))
    return found


def _filled(buckets: Sequence[Bucket], length_ms: int) -> Bucket:
    whole = put_together(buckets)
    return replace(whole, totals=whole.totals.filled(length_ms))
