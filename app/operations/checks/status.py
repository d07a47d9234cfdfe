"""Status of services after checks in their regions: a change is a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from app.domain.checks.service_states import overall
from app.domain.types import Status
from app.operations.recorded_check import RecordedCheck
from app.operations.snapshots.services import ServiceSnapshot
from app.platform.events import Event


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A change of the status of a service."""

    snapshot: ServiceSnapshot
    from_status: Status
    to_status: Status
    reason: str | None
    check_id: UUID
    at: datetime

    def event(self) -> Event:
        """Return the live event of the change."""
        return Event(
            organization_id=self.snapshot.organization_id,
            type="service.status_changed",
            at=self.at,
            data={
                "service_id": self.snapshot.service_id,
                "service_name": self.snapshot.name,
                "from": self.from_status,
                "to": self.to_status,
                "reason": self.reason,
                "check_id": self.check_id,
            },
        )


def update_statuses(
    cursor: psycopg.Cursor[Any], checks: Sequence[RecordedCheck], now: datetime
) -> tuple[list[StatusUpdate], dict[UUID, Status]]:
    """Write the statuses that changed, within the caller's transaction.

    Returns the changes, and the statuses of all services that were looked at; the others have the
    one they had when their check was claimed.

    A service checked in one region costs nothing while its status stays. One checked in several
    regions reads the others under a lock on its row: two regions may report at the same moment.
    """
    candidates = [
        check
        for check in checks
        if len(check.snapshot.regions) > 1 or check.state.status is not check.claimed_service_status
    ]
    if not candidates:
        return [], {}
    # Always in the same order: two batches that meet must wait for one another, not deadlock.
    ids = sorted({check.service_id for check in candidates})
    rows = cursor.execute(
        "SELECT id, status FROM services WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", (ids,)
    ).fetchall()
    current = {service_id: Status(status) for service_id, status in rows}
    regions = _region_statuses(cursor, ids)
    changes = []
    for check in candidates:
        service_id = check.service_id
        if service_id not in current:
            continue  # deleted meanwhile
        before = current[service_id]
        after = overall(regions[service_id], check.snapshot.region_quorum)
        if after is not before:
            current[service_id] = after
            reason = check.observation.error if after in (Status.RED, Status.YELLOW) else None
            changes.append(StatusUpdate(check.snapshot, before, after, reason, check.check_id, now))
    if changes:
        _write(cursor, changes)
    return changes, current


def _region_statuses(cursor: psycopg.Cursor[Any], ids: Sequence[UUID]) -> dict[UUID, list[Status]]:
    result: dict[UUID, list[Status]] = {service_id: [] for service_id in ids}
    rows = cursor.execute(
        "SELECT service_id, status FROM schedule_entries WHERE service_id = ANY(%s)", (ids,)
    )
    for service_id, status in rows.fetchall():
        result[service_id].append(Status(status))
    return result


def _write(cursor: psycopg.Cursor[Any], changes: Sequence[StatusUpdate]) -> None:
    cursor.executemany(
        "UPDATE services SET status = %s, status_changed_at = %s WHERE id = %s",
        [(change.to_status.value, change.at, change.snapshot.service_id) for change in changes],
    )
    cursor.executemany(
        "INSERT INTO status_changes (id, service_id, at, from_status, to_status, reason, check_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (
                uuid4(),
                change.snapshot.service_id,
                change.at,
                change.from_status.value,
                change.to_status.value,
                change.reason,
                change.check_id,
            )
            for change in changes
        ],
    )
