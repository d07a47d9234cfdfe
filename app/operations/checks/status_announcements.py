"""Announcements of changes of a service's status to the channels that want them.

Enqueued in the transaction that confirms the status. A change that is withheld (maintenance,
flapping, an isolated monitor) leaves a row that the tick looks at again.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.domain.delivery import status_announcements as decisions
from app.domain.delivery.status_announcements import CHANGES, WithheldChange
from app.domain.types import Status
from app.models.alerts import Alert
from app.models.services import Service, StatusChange, StatusHold
from app.operations.checks.status import StatusUpdate
from app.operations.notifications import enqueue, payloads
from app.operations.snapshots.alerting import AlertingSnapshot, alerting_snapshots
from app.platform.transaction import DATABASE_AWAY, Transaction, single_value, transaction

log = logging.getLogger(__name__)

EVENT = "service.status_changed"
_BATCH = 500

_STATUSES = ("GREEN", "YELLOW", "RED")
_RECENT_CHANGES = """
SELECT c.service_id, count(*) FROM status_changes c JOIN services s ON s.id = c.service_id
WHERE c.service_id = ANY(%(ids)s)
  AND c.at > now() - %(changes)s * s.check_interval_seconds * interval '1 second'
  AND c.from_status = ANY(%(statuses)s) AND c.to_status = ANY(%(statuses)s)
GROUP BY c.service_id
"""


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """A service, the status it had and the one it has now."""

    service_id: UUID
    organization_id: UUID
    tags: frozenset[str]
    before: Status
    after: Status
    reason: str | None
    at: datetime


def by_service(changes: Sequence[StatusUpdate]) -> list[ServiceChange]:
    """Return what changes of status come to, one for each service that has changed."""
    merged: dict[UUID, ServiceChange] = {}
    for change in changes:
        snapshot = change.snapshot
        earlier = merged.get(snapshot.service_id)
        merged[snapshot.service_id] = ServiceChange(
            snapshot.service_id,
            snapshot.organization_id,
            snapshot.tags,
            earlier.before if earlier else change.from_status,
            change.to_status,
            change.reason,
            change.at,
        )
    return list(merged.values())


def enqueue_changes(
    tx: Transaction, changes: Sequence[ServiceChange], alerting: Mapping[UUID, AlertingSnapshot]
) -> None:
    """Enqueue the messages about changes whose services the caller has locked.

    An organization none of whose channels listens costs a look at its alerting snapshot.
    """
    heard = [
        one
        for one in changes
        if (current := alerting.get(one.organization_id)) is not None and EVENT in current.events
    ]
    if not heard:
        return
    withheld = _withheld(tx, [one.service_id for one in heard])
    flapping = _flapping(tx, withheld, [one.service_id for one in heard])
    for one in heard:
        _apply(tx, one, withheld.get(one.service_id), alerting[one.organization_id], flapping)


def is_any_withheld() -> bool:
    """Say whether a change of status of any service has not been told."""
    return bool(single_value("SELECT EXISTS (SELECT FROM status_holds)"))


def catch_up() -> int:
    """Tell the statuses that were withheld and stand now; return for how many services."""
    ready = _ready()
    for service_id in ready:
        try:
            _catch_up_with(service_id)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("status change not announced", extra={"service_id": str(service_id)})
    return len(ready)


def _ready() -> list[UUID]:
    """Return the services with a withheld change that nothing justifies any more."""
    with transaction() as tx:
        rows = tx.session.execute(
            select(Service.id, Service.organization_id, Service.tags)
            .join(StatusHold, StatusHold.service_id == Service.id)
            .where(Service.is_active, Service.status.in_(_STATUSES))
        ).all()
        now = tx.now()
        alerting = alerting_snapshots(tx, {row.organization_id for row in rows})
        awake = [
            row.id
            for row in rows
            if alerting[row.organization_id].maintenance_until(row.id, row.tags, now) is None
        ][:_BATCH]
        flapping = _flapping(tx, _withheld(tx, awake), awake)
    return [id for id in awake if id not in flapping]


def _catch_up_with(service_id: UUID) -> None:
    with transaction() as tx:
        # Locked as by a transaction that confirms a status: neither misses what the other writes.
        service = tx.session.scalar(
            select(Service).where(Service.id == service_id).with_for_update(key_share=True)
        )
        withheld = _withheld(tx, [service_id]).get(service_id)
        if service is None or withheld is None:
            return
        last = tx.session.scalars(
            select(StatusChange)
            .where(StatusChange.service_id == service_id, StatusChange.to_status.in_(_STATUSES))
            .order_by(StatusChange.at.desc())
            .limit(1)
        ).one_or_none()
        now = tx.now()
        change = ServiceChange(
            service_id,
            service.organization_id,
            frozenset(service.tags),
            withheld.announced_status,
            Status(service.status),
            last.reason if last else None,
            now,
        )
        current = alerting_snapshots(tx, [service.organization_id])[service.organization_id]
        if EVENT not in current.events:
            _store(tx, service_id, None)  # nobody listens any more
            return
        _apply(tx, change, withheld, current, _flapping(tx, {service_id: withheld}, [service_id]))


def _withheld(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, WithheldChange]:
    rows = tx.session.execute(
        select(StatusHold.service_id, StatusHold.told_status, StatusHold.is_flapping).where(
            StatusHold.service_id.in_(ids)
        )
    )
    return {
        row.service_id: WithheldChange(Status(row.told_status), row.is_flapping) for row in rows
    }


def _flapping(
    tx: Transaction, withheld: Mapping[UUID, WithheldChange], ids: Sequence[UUID]
) -> set[UUID]:
    """Return which services flap: by an alert that says so, or by their settled changes."""
    found = set(
        tx.session.scalars(
            select(Alert.service_id).where(
                Alert.service_id.in_(ids), Alert.status != "resolved", Alert.is_flapping
            )
        )
    )
    values = {"ids": list(ids), "changes": CHANGES, "statuses": list(_STATUSES)}
    for service_id, changes in tx.driver.execute(_RECENT_CHANGES, values).fetchall():
        one = withheld.get(service_id)
        if decisions.flaps(changes, was_flapping=one is not None and one.is_flapping):
            found.add(service_id)
    return {id for id in found if id is not None}


def _apply(
    tx: Transaction,
    change: ServiceChange,
    withheld: WithheldChange | None,
    current: AlertingSnapshot,
    flapping: set[UUID],
) -> None:
    until = current.maintenance_until(change.service_id, change.tags, change.at)
    decision = decisions.evaluate(
        change.before,
        change.after,
        withheld,
        in_maintenance=until is not None,
        is_flapping=change.service_id in flapping,
    )
    if decision.withheld != withheld:
        _store(tx, change.service_id, decision.withheld)
    if decision.is_announced:
        _enqueue(tx, change, decision.from_status)


def _store(tx: Transaction, service_id: UUID, withheld: WithheldChange | None) -> None:
    if withheld is None:
        tx.session.execute(delete(StatusHold).where(StatusHold.service_id == service_id))
        return
    values = {"told_status": withheld.announced_status.value, "is_flapping": withheld.is_flapping}
    tx.session.execute(
        insert(StatusHold)
        .values(service_id=service_id, **values)
        .on_conflict_do_update(index_elements=["service_id"], set_=values)
    )


def _enqueue(tx: Transaction, change: ServiceChange, from_status: Status | None) -> None:
    service = tx.session.get_one(Service, change.service_id, populate_existing=True)
    enqueue.event(
        tx,
        change.organization_id,
        EVENT,
        decisions.severity(change.after),
        change.at,
        subject_key=f"service:{change.service_id}",
        step=enqueue.step_at(change.at),
        service=payloads.without_config(service),
        from_status=from_status,
        reason=change.reason,
    )
