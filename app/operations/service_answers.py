"""Services as they are answered: one query, its rows turned into plain JSON data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from app.errors import NotFound
from app.events import timestamp
from app.sealing import mask
from app.transaction import transaction

# The last check is that of the region which checked last; an error is shown while any region
# still has one.
_SELECT = """
SELECT s.id::text, s.organization_id::text, s.name, s.endpoint, s.check_type, s.description,
    s.environment, s.check_interval_seconds, s.timeout_seconds, s.tags, s.is_active, s.config,
    s.slow_threshold_ms, s.failure_threshold, s.recovery_threshold, s.retry_interval_seconds,
    s.regions, s.region_quorum, s.depends_on::text[], s.escalation_policy_id::text, s.status,
    s.status_changed_at, s.created_at, s.updated_at,
    e.next_due_at, e.checked_at, e.response_time_ms, e.error
FROM services s
LEFT JOIN LATERAL (
    SELECT min(next_due_at) AS next_due_at, max(last_checked_at) AS checked_at,
        (array_agg(last_response_time_ms ORDER BY last_checked_at DESC NULLS LAST))[1]
            AS response_time_ms,
        (array_agg(last_error ORDER BY last_error IS NULL, last_checked_at DESC NULLS LAST))[1]
            AS error
    FROM schedule_entries WHERE service_id = s.id
) e ON true
"""


def _time(at: datetime | None) -> str | None:
    return None if at is None else timestamp(at)


def _answer(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[0],
        "organization_id": row[1],
        "name": row[2],
        "endpoint": row[3],
        "check_type": row[4],
        "description": row[5],
        "environment": row[6],
        "check_interval_seconds": row[7],
        "timeout_seconds": row[8],
        "tags": row[9],
        "is_active": row[10],
        "config": mask(row[11]) if row[11] else {},
        "slow_threshold_ms": row[12],
        "failure_threshold": row[13],
        "recovery_threshold": row[14],
        "retry_interval_seconds": row[15],
        "regions": row[16],
        "region_quorum": row[17],
        "depends_on": row[18],
        "escalation_policy_id": row[19],
        "status": row[20],
        "in_maintenance": False,
        "last_checked_at": _time(row[25]),
        "last_response_time_ms": row[26],
        "last_error": row[27],
        "status_changed_at": _time(row[21]),
        "next_check_at": _time(row[24]),
        "created_at": _time(row[22]),
        "updated_at": _time(row[23]),
    }


def answers(driver: psycopg.Connection[Any], ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return services as they stand within the caller's transaction, in the order of their ids."""
    rows = driver.execute(f"{_SELECT} WHERE s.id = ANY(%s)", (list(ids),)).fetchall()
    by_id = {row[0]: _answer(row) for row in rows}
    return [by_id[str(id)] for id in ids if str(id) in by_id]


def read(organization_id: UUID, service_id: UUID) -> dict[str, Any]:
    """Return one service of an organization. Raises NotFound."""
    with transaction() as tx:
        row = tx.driver.execute(
            f"{_SELECT} WHERE s.id = %s AND s.organization_id = %s", (service_id, organization_id)
        ).fetchone()
    if row is None:
        raise NotFound
    return _answer(row)


# A filter is a fixed piece of SQL; what the caller wrote travels as its parameter.
_FILTERS = {
    "status": "s.status = %(status)s",
    "tag": "%(tag)s = ANY(s.tags)",
    "environment": "s.environment = %(environment)s",
    "check_type": "s.check_type = %(check_type)s",
    "is_active": "s.is_active = %(is_active)s",
    "q": "(s.name ILIKE %(q)s OR s.endpoint ILIKE %(q)s OR s.description ILIKE %(q)s)",
}


def listed(
    organization_id: UUID,
    filters: Mapping[str, Any],
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> tuple[list[dict[str, Any]], tuple[datetime, UUID] | None, int]:
    """Return a page of an organization's services, newest first.

    With it the position to go on from, None at the end, and how many services match in all.
    """
    values: dict[str, Any] = {**filters, "organization_id": organization_id, "limit": limit + 1}
    if "q" in values:
        values["q"] = f"%{_escape_pattern(values['q'])}%"
    where = " AND ".join(
        ["s.organization_id = %(organization_id)s", *(_FILTERS[name] for name in filters)]
    )
    onward = ""
    if after is not None:
        onward = "AND (s.created_at, s.id) < (%(after_at)s, %(after_id)s)"
        values |= {"after_at": after[0], "after_id": after[1]}
    with transaction() as tx:
        rows = tx.driver.execute(
            f"{_SELECT} WHERE {where} {onward}"
            " ORDER BY s.created_at DESC, s.id DESC LIMIT %(limit)s",
            values,
        ).fetchall()
        if after is None and len(rows) <= limit:
            total = len(rows)
        else:
            counted = tx.driver.execute(
                f"SELECT count(*) FROM services s WHERE {where}",  # noqa: S608  fixed pieces
                values,
            ).fetchone()
            total = counted[0] if counted else 0
    position = None
    if len(rows) > limit:
        rows.pop()
        position = rows[-1][22], UUID(rows[-1][0])
    return [_answer(row) for row in rows], position, total


def _escape_pattern(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
