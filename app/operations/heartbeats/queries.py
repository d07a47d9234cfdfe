"""Heartbeats, their pings and flips as they are answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, any_, literal, select

from app.models.heartbeats import Heartbeat, HeartbeatFlip, HeartbeatPing
from app.operations import paging
from app.operations import rows as owned_rows
from app.operations.rows import Position
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction, transaction

_FIELDS = [
    "id",
    "organization_id",
    "name",
    "description",
    "schedule",
    "timezone",
    "grace_period_seconds",
    "tags",
    "severity",
    "notification_channel_ids",
    "escalation_policy_id",
    "max_runtime_seconds",
    "min_interval_seconds",
    "min_duration_seconds",
    "max_duration_seconds",
    "is_active",
    "unique_key",
    "previous_key_until",
    "badge_key",
    "status",
    "status_reason",
    "status_changed_at",
    "last_ping_at",
    "last_duration_ms",
    "created_at",
    "updated_at",
]


def answer(heartbeat: Heartbeat) -> dict[str, Any]:
    """Return a heartbeat as plain data."""
    found = {name: getattr(heartbeat, name) for name in _FIELDS}
    base = f"{runtime().config.ping_url}/api/v1"
    found["ping_url"] = f"{base}/heartbeat/{heartbeat.unique_key}"
    found["badge_url"] = f"{base}/badges/{heartbeat.badge_key}/status.svg"
    found["next_expected_at"] = None if not heartbeat.is_active else heartbeat.next_expected_at
    found["running"] = len(heartbeat.open_runs)
    return found


def read(organization_id: UUID, heartbeat_id: UUID) -> dict[str, Any]:
    """Return a heartbeat. Raises NotFound."""
    with transaction() as tx:
        found = answer(owned_rows.find(tx, Heartbeat, organization_id, heartbeat_id))
    return found


def listed(
    organization_id: UUID, filters: Mapping[str, Any], *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of heartbeats, newest first, where to go on (None at the end), and how many
    match in all."""
    conditions = [_FILTERS[name](value) for name, value in filters.items()]
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, Heartbeat, organization_id, *conditions, limit=limit, after=after
        )
        found = [answer(row) for row in rows]
    return found, position, total


def _matches(part: str) -> ColumnElement[bool]:
    return Heartbeat.name.icontains(part, autoescape=True) | Heartbeat.description.icontains(
        part, autoescape=True
    )


_FILTERS = {
    "status": lambda value: Heartbeat.status == value,
    "tag": lambda value: literal(value) == any_(Heartbeat.tags),
    "is_active": lambda value: Heartbeat.is_active.is_(value),
    "q": _matches,
}

# The position after a row of a history: its time, for the reader, and its number.
HistoryPosition = tuple[datetime, int]


def pings(
    organization_id: UUID,
    heartbeat_id: UUID,
    filters: Mapping[str, Any],
    *,
    limit: int,
    after: HistoryPosition | None,
) -> tuple[list[dict[str, Any]], HistoryPosition | None]:
    """Return a page of pings, newest first, and where to go on. Raises NotFound."""
    with transaction() as tx:
        rows, position = _history(
            tx, HeartbeatPing, organization_id, heartbeat_id, filters, limit=limit, after=after
        )
        found = [_ping(row) for row in rows]
    return found, position


def _ping(ping: HeartbeatPing) -> dict[str, Any]:
    return {
        "id": ping.id,
        "kind": ping.kind,
        "received_at": ping.received_at,
        "exit_status": ping.exit_status,
        "run_id": ping.run_id,
        "duration_ms": ping.duration_ms,
        "body": None if ping.body is None else ping.body.decode("utf-8", "replace"),
        "remote_addr": ping.remote_addr,
        "user_agent": ping.user_agent,
    }


def flips(
    organization_id: UUID, heartbeat_id: UUID, *, limit: int, after: HistoryPosition | None
) -> tuple[list[dict[str, Any]], HistoryPosition | None]:
    """Return a page of status changes, newest first, and where to go on. Raises NotFound."""
    with transaction() as tx:
        rows, position = _history(
            tx, HeartbeatFlip, organization_id, heartbeat_id, {}, limit=limit, after=after
        )
        found = [
            {"at": row.at, "from": row.from_status, "to": row.to_status, "reason": row.reason}
            for row in rows
        ]
    return found, position


def _history(
    tx: Transaction,
    model: Any,
    organization_id: UUID,
    heartbeat_id: UUID,
    filters: Mapping[str, Any],
    *,
    limit: int,
    after: HistoryPosition | None,
) -> tuple[list[Any], HistoryPosition | None]:
    owned_rows.find(tx, Heartbeat, organization_id, heartbeat_id)
    query = select(model).where(model.heartbeat_id == heartbeat_id).filter_by(**filters)
    # Their ids are in the order of their times, and the index has the ids alone.
    below = None if after is None else after[1:]
    rows, position = paging.newest_first(tx, query, model.id, limit=limit, after=below)
    found = [row for row, *_ in rows]
    if position is None:
        return found, None
    at = found[-1].received_at if model is HeartbeatPing else found[-1].at
    return found, (at, found[-1].id)
