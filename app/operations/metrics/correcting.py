"""Corrections of history: made, listed, and taken back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.models.metrics import MetricCorrection
from app.operations.rows import refused
from app.platform.errors import InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction

_DAYS_BACK = 400
_MARK = """
INSERT INTO metric_dirty (service_id, at, reason)
SELECT %s, hour, 'correction' FROM generate_series(date_trunc('hour', %s::timestamptz),
    %s::timestamptz - interval '1 microsecond', interval '1 hour') AS hour
"""


def create(
    organization_id: UUID, service_id: UUID, user_id: UUID, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Correct a stretch of a service's history; return the correction and how many hours change.

    Raises Invalid for a stretch that is empty, in the future, or too long ago.
    """
    begin, end = data["from_"], data["to"]
    with transaction() as tx:
        now = tx.now()
        if end <= begin:
            raise refused("to", InvalidCode.WRONG_TIME, "Must be after from.")
        if end > now:
            raise refused("to", InvalidCode.WRONG_TIME, "Must not be in the future.")
        if begin < now - timedelta(days=_DAYS_BACK):
            raise refused(
                "from", InvalidCode.WRONG_TIME, f"Must be within the last {_DAYS_BACK} days."
            )
        row = MetricCorrection(
            organization_id=organization_id,
            service_id=service_id,
            begins_at=begin,
            ends_at=end,
            kind=data["kind"],
            reason=data["reason"],
            created_by=user_id,
        )
        tx.session.add(row)
        tx.session.flush()
        hours = _mark(tx, service_id, begin, end)
        found = _to_json(row) | {"hours": hours}
    return found


def listed(organization_id: UUID, service_id: UUID) -> list[dict[str, Any]]:
    """Return the corrections of a service, the newest first, those taken back included."""
    with transaction() as tx:
        rows = tx.session.scalars(
            select(MetricCorrection)
            .where(
                MetricCorrection.organization_id == organization_id,
                MetricCorrection.service_id == service_id,
            )
            .order_by(MetricCorrection.created_at.desc(), MetricCorrection.id)
        ).all()
        found = [_to_json(row) for row in rows]
    return found


def withdraw(organization_id: UUID, service_id: UUID, correction_id: UUID, user_id: UUID) -> None:
    """Take a correction back; it stays on the list. Raises NotFound, also for one taken back."""
    with transaction() as tx:
        row = tx.session.scalar(
            select(MetricCorrection)
            .where(
                MetricCorrection.id == correction_id,
                MetricCorrection.organization_id == organization_id,
                MetricCorrection.service_id == service_id,
                MetricCorrection.withdrawn_at.is_(None),
            )
            .with_for_update(key_share=True)
        )
        if row is None:
            raise NotFound
        row.withdrawn_at, row.withdrawn_by = tx.now(), user_id
        _mark(tx, service_id, row.begins_at, row.ends_at)


def _mark(tx: Transaction, service_id: UUID, begin: datetime, end: datetime) -> int:
    """Have the hours computed again; return how many they are."""
    return tx.driver.execute(_MARK, (service_id, begin, end)).rowcount


def _to_json(row: MetricCorrection) -> dict[str, Any]:
    return {
        "id": row.id,
        "service_id": row.service_id,
        "from": row.begins_at,
        "to": row.ends_at,
        "kind": row.kind,
        "reason": row.reason,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "withdrawn_at": row.withdrawn_at,
        "withdrawn_by": row.withdrawn_by,
    }
