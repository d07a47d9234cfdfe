"""Days of services and hours of organizations, put together from the hours of services."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from app.domain.metrics import histogram
from app.domain.metrics.bucket import put_together
from app.domain.rules.window_counts import GROWTH, SHORTEST_MS
from app.operations.metrics.rows import (
    COLUMNS_WITH_HISTOGRAM,
    HOUR_MS,
    STORE_DAY,
    bucket,
    stored,
)
from app.platform.transaction import Transaction

DAY = timedelta(days=1)

_HOURS_OF_DAY = f"""
SELECT organization_id, service_id, {COLUMNS_WITH_HISTOGRAM} FROM metric_hours
WHERE service_id = ANY(%s) AND at >= %s AND at < %s ORDER BY service_id, at
"""  # noqa: S608  constants

_ORGANIZATION_HOUR = """
SELECT count(*), coalesce(sum(checks), 0), coalesce(sum(failed), 0), coalesce(sum(up_ms), 0),
    coalesce(sum(down_ms), 0), coalesce(sum(timed), 0), coalesce(string_agg(hist, ''), '')
FROM metric_hours WHERE organization_id = %s AND at = %s
"""
# Checks begin up to an interval after they were due; later ones are no lateness of the schedule.
_LATENESS = f"""
SELECT floor(ln(greatest(late * 1000, {SHORTEST_MS})) / ln({GROWTH}::float8))::int AS bucket,
    count(*)
FROM services s CROSS JOIN LATERAL (
    SELECT date_part('epoch', checked_at - scheduled_for) AS late FROM check_results
    WHERE service_id = s.id AND checked_at >= %(hour)s
      AND checked_at < %(hour)s + interval '1 hour'
      AND scheduled_for >= %(hour)s - interval '10 minutes'
      AND scheduled_for < %(hour)s + interval '61 minutes'
    OFFSET 0
) r
WHERE s.organization_id = %(organization_id)s GROUP BY 1
"""  # noqa: S608  constants
_STORE_ORGANIZATION_HOUR = """
INSERT INTO metric_org_hours (organization_id, at, services, checks, failed, up_ms, down_ms, timed,
    hist, late_hist)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM organizations WHERE id = %s
ON CONFLICT (organization_id, at) DO UPDATE
SET services = excluded.services, checks = excluded.checks, failed = excluded.failed,
    up_ms = excluded.up_ms, down_ms = excluded.down_ms, timed = excluded.timed,
    hist = excluded.hist, late_hist = CASE WHEN excluded.late_hist = ''
        THEN metric_org_hours.late_hist ELSE excluded.late_hist END
"""


def compute(tx: Transaction, service_ids: Sequence[UUID], day: datetime) -> None:
    """Put the days of services together from their hours, and store them."""
    rows = tx.driver.execute(_HOURS_OF_DAY, (list(service_ids), day, day + DAY)).fetchall()
    days = [
        stored(owner, service_id, day, put_together(bucket(row[2:], HOUR_MS) for row in hours))
        for (owner, service_id), hours in groupby(rows, key=lambda row: row[:2])
    ]
    if days:
        tx.driver.cursor().executemany(STORE_DAY, days)


def organizations(tx: Transaction) -> list[UUID]:
    """Return the organizations that have services."""
    return tx.scalars(
        "SELECT id FROM organizations o"
        " WHERE EXISTS (SELECT FROM services WHERE organization_id = o.id) ORDER BY id"
    )


def compute_organizations(
    tx: Transaction, ids: Iterable[UUID], hour: datetime, *, raw: bool = True
) -> None:
    """Put an hour of organizations together, and store it; without `raw` lateness stays."""
    for organization_id in ids:
        values = {"organization_id": organization_id, "hour": hour}
        row = tx.driver.execute(_ORGANIZATION_HOUR, (organization_id, hour)).fetchone()
        assert row is not None
        *sums, packed = row
        late = tx.driver.execute(_LATENESS, values).fetchall() if raw else []
        tx.driver.execute(
            _STORE_ORGANIZATION_HOUR,
            (
                organization_id,
                hour,
                *sums,
                histogram.pack(histogram.merged([packed])),
                histogram.pack(dict(late)),
                organization_id,
            ),
        )


def begin_of(at: datetime) -> datetime:
    """Return the midnight (UTC) before a moment."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
