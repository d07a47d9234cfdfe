"""Histories of heartbeats as they are answered: pings and flips."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.models.heartbeats import Heartbeat, HeartbeatFlip, HeartbeatPing
from app.operations import paging
from app.operations import rows as owned_rows
from app.platform.transaction import Transaction, transaction

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
