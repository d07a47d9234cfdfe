"""How much of a window a service was up: by its results, and by its settled changes of colour."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.platform.events import timestamp
from app.platform.transaction import transaction

NOTHING_RECORDED = "no historical uptime report computed yet"

_COUNTS = """
SELECT count(*) FILTER (WHERE counts), count(*) FILTER (WHERE counts AND status = 'RED'),
    count(*) FILTER (WHERE in_maintenance), count(DISTINCT region)
FROM (
    SELECT status, in_maintenance, region,
        status IN ('GREEN', 'YELLOW', 'RED') AND NOT in_maintenance AS counts
    FROM check_results
    WHERE service_id = %(service_id)s AND checked_at >= %(since)s AND checked_at < %(until)s
      AND scheduled_for >= %(since)s - interval '25 hours'
      AND scheduled_for < %(until)s + interval '10 minutes'
) results
"""

# A colour holds from its change to the next one; the one before the window reaches into it. What
# was maintenance is cut out: a check made in it stands for the time until the next one, and half an
# interval more joins those that follow one another.
_SPANS = """
WITH changes AS (
    SELECT at, to_status, lead(at) OVER (ORDER BY at, id) AS ended
    FROM status_changes WHERE service_id = %(service_id)s AND at < %(until)s
), spans AS (
    SELECT to_status, tstzrange(
        greatest(at, %(since)s), least(coalesce(ended, now()), %(until)s)) AS span
    FROM changes
    WHERE coalesce(ended, now()) > %(since)s AND at <= least(coalesce(ended, now()), %(until)s)
), checked AS (
    SELECT unnest(range_agg(tstzrange(
        checked_at, checked_at + %(interval)s * interval '1.5 seconds'))) AS stretch
    FROM check_results
    WHERE service_id = %(service_id)s AND in_maintenance
      AND checked_at >= %(since)s - %(interval)s * interval '1 second' AND checked_at < %(until)s
      AND scheduled_for >= %(since)s - interval '25 hours'
      AND scheduled_for < %(until)s + interval '10 minutes'
), maintenance AS (
    SELECT coalesce(range_agg(tstzrange(
        lower(stretch), upper(stretch) - %(interval)s * interval '0.5 seconds')), '{}') AS time
    FROM checked
), rest AS (
    SELECT to_status, (
        SELECT coalesce(extract(epoch FROM sum(upper(part) - lower(part))), 0)
        FROM unnest(span::tstzmultirange - time) AS part) AS seconds
    FROM spans CROSS JOIN maintenance
)
SELECT coalesce(sum(seconds) FILTER (WHERE to_status = 'RED'), 0),
    coalesce(sum(seconds) FILTER (WHERE to_status = 'UNKNOWN'), 0),
    count(*) FILTER (WHERE to_status = 'RED' AND seconds > 0),
    coalesce(max(seconds) FILTER (WHERE to_status = 'RED'), 0)
FROM rest
"""


def uptime(
    service_id: UUID, status: str, interval_seconds: int, since: datetime, until: datetime
) -> dict[str, Any]:
    """Return a service's uptime over a window; a note where nothing was recorded.

    Only RED counts against it; UNKNOWN, PENDING and maintenance are left out altogether.
    """
    window = {
        "service_id": service_id,
        "since": since,
        "until": until,
        "interval": interval_seconds,
    }
    with transaction() as tx:
        counts = tx.driver.execute(_COUNTS, window).fetchone() or (0, 0, 0, 0)
        spans = tx.driver.execute(_SPANS, window).fetchone() or (0, 0, 0, 0)
    total, failed, in_maintenance, regions = counts
    if not total:
        return {"service_id": service_id, "status": status, "note": NOTHING_RECORDED}
    return {
        "service_id": service_id,
        "period_start": timestamp(since),
        "period_end": timestamp(until),
        "uptime_percentage": round(100 * (total - failed) / total, 2),
        "total_checks": total,
        "failed_checks": failed,
        "downtime_seconds": round(spans[0]),
        "unknown_seconds": round(spans[1]),
        "maintenance_seconds": round(in_maintenance * interval_seconds / regions),
        "incidents": spans[2],
        "longest_outage_seconds": round(spans[3]),
    }
