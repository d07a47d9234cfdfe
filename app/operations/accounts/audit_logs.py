"""Audit log of an organization, as it is read."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, or_, select

from app.domain.mail_addresses import same_address
from app.models.audit_logs import AuditLog
from app.operations import paging
from app.platform.transaction import transaction

LogPosition = tuple[datetime, int]

_BATCH = 1000


def listed(
    organization_id: UUID | None,
    filters: Mapping[str, Any],
    *,
    limit: int,
    after: LogPosition | None,
) -> tuple[list[dict[str, Any]], LogPosition | None]:
    """Return a page of the log, newest first, and where to go on (None at the end).

    Without an organization: what operators and commands did that belongs to none. Filters: `since`,
    `until`, `actor` (id or e-mail address), `event` (whole, or the part before the point),
    `resource_type`, `resource_id`.
    """
    query = select(AuditLog).where(
        AuditLog.organization_id.is_not_distinct_from(organization_id), *_conditions(filters)
    )
    with transaction() as tx:
        rows, position = paging.newest_first(
            tx, query, AuditLog.at, AuditLog.id, limit=limit, after=after
        )
        found = [_to_json(row.AuditLog) for row in rows]
    return found, position


def everything(
    organization_id: UUID | None, filters: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the whole log, newest first; each batch is a transaction of its own."""
    after: LogPosition | None = None
    while True:
        found, after = listed(organization_id, filters, limit=_BATCH, after=after)
        yield from found
        if after is None:
            return


def _conditions(filters: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
    for name, value in filters.items():
        if name == "since":
            yield AuditLog.at >= value
        elif name == "until":
            yield AuditLog.at < value
        elif name == "actor":
            who = same_address(value)
            yield or_(cast(AuditLog.actor_id, String) == who, AuditLog.actor_email == who)
        elif name == "event" and "." not in value:
            yield AuditLog.event.startswith(f"{value}.", autoescape=True)
        else:
            yield getattr(AuditLog, name) == value


def _to_json(row: AuditLog) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "timestamp": row.at,
        "event": row.event,
        "actor": {
            "type": row.actor_kind,
            "id": row.actor_id,
            "email": row.actor_email,
            "ip": row.actor_address,
        },
        "resource": {
            "type": row.resource_type,
            "id": row.resource_id,
            "name": row.resource_name,
        },
        "before": row.before,
        "after": row.after,
    }
