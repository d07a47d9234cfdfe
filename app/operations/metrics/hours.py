"""Hours of services: computed from raw results, or, where those are gone, from the row itself."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.metrics.status_line import milliseconds, unpacked
from app.domain.metrics.totals import totals
from app.operations.metrics import corrections, regions
from app.operations.metrics.measure import Stretch, measure
from app.operations.metrics.rows import HOUR_MS, STORE_HOUR, measured, stored, totals_columns
from app.platform.transaction import Transaction

HOUR = timedelta(hours=1)
_AT_ONCE = 50

_OWNERS = "SELECT id, organization_id FROM services WHERE id = ANY(%s)"
_BATCH = """
SELECT id FROM services WHERE id > %s AND created_at < %s ORDER BY id LIMIT %s
"""
_STORE_FIVES = """
INSERT INTO metric_fives (service_id, at, checks, failed, cells) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (service_id, at) DO UPDATE
SET checks = excluded.checks, failed = excluded.failed, cells = excluded.cells
"""
_LINES = "SELECT service_id, at, line FROM metric_hours WHERE service_id = ANY(%s) AND at = ANY(%s)"
_CORRECT = """
UPDATE metric_hours SET up_ms = %s, down_ms = %s, unknown_ms = %s, maintenance_ms = %s,
    paused_ms = %s, inner_outages = %s, longest_inner_ms = %s, head_ms = %s, tail_ms = %s
WHERE service_id = %s AND at = %s
"""

Hour = tuple[UUID, datetime]


def batch(tx: Transaction, after: UUID, hour: datetime) -> list[Hour]:
    """Return the hour of the next services, by their ids, that existed then."""
    rows = tx.driver.execute(_BATCH, (after, hour + HOUR, _AT_ONCE)).fetchall()
    return [(service_id, hour) for (service_id,) in rows]


def compute(tx: Transaction, hours: Sequence[Hour]) -> dict[UUID, UUID]:
    """Compute hours from raw results and store them; return the services' organizations.

    Computing an hour again writes the same bytes, unless results or corrections have come.
    """
    owners: dict[UUID, UUID] = dict(
        tx.driver.execute(_OWNERS, ([service_id for service_id, _ in hours],)).fetchall()
    )
    wanted = [(service_id, at) for service_id, at in hours if service_id in owners]
    if not wanted:
        return {}
    found = measure(tx, [Stretch(service_id, at, at + HOUR) for service_id, at in wanted])
    regions.compute(
        tx,
        [
            (owners[service_id], service_id, at, figures.late)
            for (service_id, at), figures in zip(wanted, found, strict=True)
            if figures.has_regions
        ],
    )
    spans = _corrections(tx, wanted)
    hour_rows, five_rows = [], []
    for (service_id, at), figures in zip(wanted, found, strict=True):
        bucket = measured(figures, spans.get(service_id, ()))
        row = stored(owners[service_id], service_id, at, bucket)
        hour_rows.append((*row, figures.line.packed()))
        counts = figures.counts
        if any(counts.checks):
            five_rows.append((service_id, at, counts.checks, counts.failed, counts.packed))
    cursor = tx.driver.cursor()
    cursor.executemany(STORE_HOUR, hour_rows)
    if five_rows:
        cursor.executemany(_STORE_FIVES, five_rows)
    return owners


def correct(tx: Transaction, hours: Sequence[Hour]) -> dict[UUID, UUID]:
    """Compute the seconds of hours from the lines that they hold, for raw results that are gone.

    Returns the organizations of the services whose hours are there.
    """
    ids = [service_id for service_id, _ in hours]
    spans = _corrections(tx, hours)
    wanted = set(hours)
    rows = tx.driver.execute(_LINES, (ids, list({at for _, at in hours}))).fetchall()
    changes = []
    for service_id, at, packed in rows:
        if (service_id, at) not in wanted:
            continue
        begin = milliseconds(at)
        line = unpacked(begin, begin + HOUR_MS, packed)
        corrected = totals(line.overlaid(spans.get(service_id, ())))
        changes.append((*totals_columns(corrected), service_id, at))
    tx.driver.cursor().executemany(_CORRECT, changes)
    return dict(tx.driver.execute(_OWNERS, ([change[-2] for change in changes],)).fetchall())


def _corrections(tx: Transaction, hours: Iterable[Hour]) -> dict[UUID, Any]:
    times = [at for _, at in hours]
    return corrections.spans(tx, {id for id, _ in hours}, min(times), max(times) + HOUR)
