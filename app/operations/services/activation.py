"""Pause of services, and its end, for one or a thousand at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.operations.schedule import entries as schedule_entries
from app.operations.services import pauses as service_pauses
from app.operations.services.queries import to_json
from app.operations.services.services import hint, lock_schedule, publish
from app.platform.errors import NotFound
from app.platform.transaction import Transaction, transaction


def set_active(organization_id: UUID, ids: Sequence[UUID], *, active: bool) -> None:
    """Pause services or let them go on; statuses stay as they are. A pause ends their alerts.

    Raises NotFound, and then changes none, when one of them is not the organization's.
    """
    with transaction() as tx:
        _switch(tx, organization_id, ids, active)


def set_one_active(organization_id: UUID, service_id: UUID, *, active: bool) -> dict[str, Any]:
    """Do as `set_active` for one service, and return its answer."""
    with transaction() as tx:
        _switch(tx, organization_id, [service_id], active)
        return to_json(tx, [service_id])[0]


def _switch(tx: Transaction, organization_id: UUID, ids: Sequence[UUID], active: bool) -> None:
    # Without objects of the mapper: of a thousand services they would leave the process larger.
    lock_schedule(tx, organization_id, ids)
    found = tx.scalars(
        "SELECT id FROM services WHERE organization_id = %s AND id = ANY(%s)"
        " ORDER BY id FOR NO KEY UPDATE",
        (organization_id, list(ids)),
    )
    if len(found) != len(ids):
        raise NotFound
    changed = tx.rows(
        "UPDATE services SET is_active = %(active)s, version = version + 1, updated_at = now()"
        " WHERE id = ANY(%(ids)s) AND is_active <> %(active)s RETURNING id, regions",
        {"active": active, "ids": found},
    )
    changed_ids = sorted(row.id for row in changed)
    schedule_entries.restart(tx, changed_ids, due=active)
    service_pauses.record(tx, changed_ids, active=active)
    if active:
        hint(tx, (region for row in changed for region in row.regions))
    publish(tx, "service.updated", changed_ids)
