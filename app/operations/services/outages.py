"""Outages of a service: from each change to RED up to the next other status."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.operations import paging
from app.operations.rows import Position
from app.platform.events import timestamp
from app.platform.transaction import transaction

# What follows a change is the next row of the service, of whatever status; the alerts are those
# that fired in between, at the earliest with the check that turned the service RED.
_OUTAGES = """
WITH changes AS (
    SELECT id, at, to_status, reason, check_id,
        lead(at) OVER following AS ended_at, lead(to_status) OVER following AS ended_with
    FROM status_changes WHERE service_id = %(service_id)s
    WINDOW following AS (ORDER BY at, id)
)
SELECT c.*, ARRAY(
    SELECT a.id::text FROM alerts a
    WHERE a.service_id = %(service_id)s AND a.fired_at >= c.at - interval '1 second'
        AND a.fired_at < coalesce(c.ended_at, 'infinity') ORDER BY a.fired_at, a.id
) AS alert_ids
FROM changes c
WHERE to_status = 'RED' AND at < %(until)s AND coalesce(ended_at, 'infinity') > %(since)s
"""


def outages(
    service_id: UUID, since: datetime, until: datetime, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None]:
    """Return a page of the outages that reach into a window, newest first, and where to go on."""
    seek = paging.seek("at", "id", limit=limit, after=after)
    values = {"service_id": service_id, "since": since, "until": until, **seek.values}
    with transaction() as tx:
        now = tx.now()
        more = tx.rows(f"{_OUTAGES} AND {seek.where} {seek.order_by}", values)
    rows, position = paging.cut(more, limit, lambda row: (row.at, row.id))
    return [_to_json(row, now) for row in rows], position


def _to_json(row: Any, now: datetime) -> dict[str, Any]:
    ended_at = row.ended_at
    return {
        "started_at": timestamp(row.at),
        "ended_at": timestamp(ended_at) if ended_at else None,
        "duration_seconds": round(((ended_at or now) - row.at).total_seconds()),
        "ended_with": row.ended_with,
        "reason": row.reason,
        "check_id": str(row.check_id) if row.check_id else None,
        "alert_ids": row.alert_ids,
    }
