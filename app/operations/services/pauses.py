"""Pauses of services: each ends what is open, and stands in their history."""

from collections.abc import Sequence
from uuid import UUID

from app.operations.alerts import closing
from app.operations.rules import latches as rule_latches
from app.platform.transaction import Transaction

PAUSED = "PAUSED"  # in `status_changes`; the status of a paused service stays what it was


def record(tx: Transaction, ids: Sequence[UUID], *, active: bool) -> None:
    """Write that services go on, or were paused; a pause ends their alerts.

    The caller has locked them, and calls this only for those whose `is_active` has changed.
    """
    if not ids:
        return
    tx.driver.execute(
        "INSERT INTO status_changes (id, service_id, at, from_status, to_status)"
        " SELECT gen_random_uuid(), id, now(),"
        " CASE WHEN %(active)s THEN %(paused)s ELSE status END,"
        " CASE WHEN %(active)s THEN status ELSE %(paused)s END"
        " FROM services WHERE id = ANY(%(ids)s)",
        {"active": active, "paused": PAUSED, "ids": list(ids)},
    )
    if not active:
        closing.end_services(tx, ids, reason="the service was paused")
    rule_latches.release_services(tx, ids)
