"""Pauses of services: each ends what is open, and stands in their history."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import insert

from app.models.services import Service, StatusChange
from app.operations.alerts import closing
from app.operations.rules import latches as rule_latches
from app.platform.transaction import Transaction

PAUSED = "PAUSED"  # in `status_changes`; the status of a paused service stays what it was


def record(tx: Transaction, services: Sequence[Service]) -> None:
    """Write that services were paused, or go on, as `is_active` says; a pause ends their alerts.

    The caller has locked them, and calls this only for those whose `is_active` has changed.
    """
    if not services:
        return
    now = tx.now()
    tx.session.execute(
        insert(StatusChange),
        [
            {
                "id": uuid4(),
                "service_id": service.id,
                "at": now,
                "from_status": PAUSED if service.is_active else service.status,
                "to_status": service.status if service.is_active else PAUSED,
            }
            for service in services
        ],
    )
    paused = [service.id for service in services if not service.is_active]
    if paused:
        closing.end_services(tx, paused, reason="the service was paused")
    rule_latches.release_services(tx, [service.id for service in services])
