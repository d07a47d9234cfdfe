"""Corrections of history: made, listed, and taken back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.models.metrics import MetricCorrection
from app.models.services import Service
from app.operations.resource import ChildResource, Most, Parent
from app.operations.rows import refused
from app.platform.errors import InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction

_DAYS_BACK = 400
_MARK = """
INSERT INTO metric_dirty (service_id, at, reason)
SELECT %s, hour, 'correction' FROM generate_series(date_trunc('hour', %s::timestamptz),
    %s::timestamptz - interval '1 microsecond', interval '1 hour') AS hour
"""


class _Corrections(ChildResource[MetricCorrection]):
    """Corrections of a service, those taken back included."""

    model = MetricCorrection
    most = Most(100_000, "corrections")
    parent = Service
    parent_column = "service_id"

    def new_columns(
        self, tx: Transaction, who: Parent, id: UUID, data: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the columns. Raises Invalid for a stretch that cannot be."""
        begin, end, now = data["from_"], data["to"], tx.now()
        if end <= begin:
            raise refused("to", InvalidCode.WRONG_TIME, "Must be after from.")
        if end > now:
            raise refused("to", InvalidCode.WRONG_TIME, "Must not be in the future.")
        if begin < now - timedelta(days=_DAYS_BACK):
            raise refused(
                "from", InvalidCode.WRONG_TIME, f"Must be within the last {_DAYS_BACK} days."
            )
        return {
            "begins_at": begin,
            "ends_at": end,
            "kind": data["kind"],
            "reason": data["reason"],
        }

    def to_json(
        self, tx: Transaction, who: Parent, rows: Sequence[MetricCorrection]
    ) -> list[dict[str, Any]]:
        return [_to_json(row) for row in rows]


_CORRECTIONS = _Corrections()
listed = _CORRECTIONS.listed


def create(service: Parent, user_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Correct a stretch of a service's history; return the correction and how many hours change.

    Raises NotFound, and Invalid for a stretch that is empty, in the future, or too long ago.
    """
    with transaction() as tx:
        found = _CORRECTIONS.insert(tx, service, data, created_by=user_id)
        hours = _mark(tx, service.id, found["from"], found["to"])
    return found | {"hours": hours}


def withdraw(service: Parent, correction_id: UUID, user_id: UUID) -> None:
    """Take a correction back; it stays on the list. Raises NotFound, also for one taken back."""
    with transaction() as tx:
        _CORRECTIONS.begin(tx, service)
        row = _CORRECTIONS.lock(tx, service, correction_id)
        if row.withdrawn_at is not None:
            raise NotFound
        row.withdrawn_at, row.withdrawn_by = tx.now(), user_id
        _mark(tx, service.id, row.begins_at, row.ends_at)


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
