"""Services: created, changed and deleted; their schedule is kept right."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.domain.checks.dependencies import find_cycle
from app.models.alerts import Alert
from app.models.escalation_policies import EscalationPolicy
from app.models.organization import Organization
from app.models.services import HistoryPurge, Service
from app.operations.alerts import closing, suppression
from app.operations.escalation import assignments
from app.operations.locations import locations
from app.operations.rows import Columns, columns, lock_organization, refused, take_unchanged
from app.operations.rules import latches as rule_latches
from app.operations.schedule import entries as schedule_entries
from app.operations.services import pauses as service_pauses
from app.operations.services.definitions import (
    Constraints,
    changed_columns,
    constraints,
    new_columns,
)
from app.operations.services.queries import to_json
from app.platform.bootstrap import runtime
from app.platform.errors import Forbidden, InvalidCode, NotFound
from app.platform.events import Event
from app.platform.transaction import Transaction, transaction

# What makes the last result say nothing about the service any more.
_VOIDS_CHECK = frozenset(
    {
        "endpoint",
        "check_type",
        "config",
        "check_interval_seconds",
        "timeout_seconds",
        "regions",
        "is_active",
    }
)


def create(organization_id: UUID, data: Columns) -> dict[str, Any]:
    """Create a service that is due at once, and return its answer.

    Raises Forbidden at the plan's limit, Invalid for a definition that is not acceptable.
    """
    values = new_columns(data, constraints(organization_id))
    service_id = uuid4()
    with transaction() as tx:
        organization = lock_organization(tx, organization_id)
        _check_limit(tx, organization)
        _check_references(tx, organization_id, service_id, values)
        tx.session.execute(
            insert(Service).values(id=service_id, organization_id=organization_id, **values)
        )
        schedule_entries.add(tx, service_id, values["regions"], due=values["is_active"])
        found = publish(tx, "service.created", [service_id])
        if values["is_active"]:
            hint(tx, values["regions"])
    return found[0]


def update(organization_id: UUID, service_id: UUID, changes: Columns) -> dict[str, Any]:
    """Change the given fields of a service and return its answer.

    Raises NotFound, Invalid for a definition that is not acceptable: a reference to nothing, a
    circle in `depends_on`; Conflict where somebody has changed it since `unchanged_since`.
    """
    limits = constraints(organization_id)
    with transaction() as tx:
        # Two edits of one organization wait for one another: together they could close a circle.
        lock_organization(tx, organization_id)
        (service,) = lock(tx, organization_id, [service_id])
        wanted = take_unchanged(service, changes)
        apply(tx, service, validated(tx, service, wanted, limits))
        found = publish(tx, "service.updated", [service_id])
    return found[0]


def validated(tx: Transaction, service: Service, changes: Columns, limits: Constraints) -> Columns:
    """Return the columns of a locked service that changes make other ones. Raises Invalid."""
    differing = changed_columns(columns(service), changes, limits)
    _check_references(tx, service.organization_id, service.id, differing)
    return differing


def apply(tx: Transaction, service: Service, changes: Columns) -> None:
    """Store validated columns of a locked service: what its last result no longer speaks of is
    checked at once, and alerts that no rule watches any more are ended."""
    was_active = service.is_active
    for name, value in changes.items():
        setattr(service, name, value)
    service.version += 1
    tx.session.flush()
    if "regions" in changes:
        schedule_entries.set_regions(tx, service.id, service.regions)
    if _VOIDS_CHECK & changes.keys():
        rule_latches.release_services(tx, [service.id])
        closing.end_out_of_sight(tx, service.id, changes.keys())
        schedule_entries.restart(tx, [service.id], due=service.is_active)
        hint(tx, service.regions if service.is_active else ())
    if service.is_active is not was_active:
        service_pauses.record(tx, [service.id], active=service.is_active)
    if "tags" in changes:
        follow_tags(tx, [service])
    if "depends_on" in changes:
        suppression.release_independent(tx, [service.id])
    if "escalation_policy_id" in changes:
        assignments.follow_policy(tx, Alert.service_id == service.id, service.escalation_policy_id)


def follow_tags(tx: Transaction, services: Sequence[Service]) -> None:
    """Carry out what other tags of locked services bring.

    Alerts that no rule watches end; what fails is checked at once, as another rule may watch it, or
    a maintenance window cover it no more.
    """
    closing.end_unwatched(tx, service_ids=[service.id for service in services])
    failing = [s.id for s in services if s.is_active and s.status in ("RED", "YELLOW")]
    if failing:
        schedule_entries.recheck(tx, failing)


def delete(organization_id: UUID, ids: Sequence[UUID]) -> None:
    """Delete services: their checks stop at once, their history goes in the background.

    Whoever heard of their alerts hears that they are over; what those had hidden is told.
    Raises NotFound, and then deletes none, when one of them is not the organization's.
    """
    with transaction() as tx:
        lock_organization(tx, organization_id)
        lock(tx, organization_id, ids)
        events = [
            Event(organization_id, "service.deleted", service) for service in to_json(tx, ids)
        ]
        dependents = _forget_dependency(tx, organization_id, ids)
        suppression.lock_behind(tx, organization_id, ids)
        closing.close_services(tx, ids, reason="the service was deleted")
        suppression.release_from(tx, ids, reason="the service that hid it was deleted")
        suppression.release_independent(tx, [id for id in dependents if id not in ids])
        tx.driver.execute("DELETE FROM services WHERE id = ANY(%s)", (list(ids),))
        tx.session.execute(insert(HistoryPurge), [{"service_id": id} for id in ids])
        tx.after_commit(runtime().feed.publish, events)


def _forget_dependency(
    tx: Transaction, organization_id: UUID, ids: Sequence[UUID]
) -> Sequence[UUID]:
    """Take services out of what others depend on; return those others."""
    values = {"ids": list(ids), "organization_id": organization_id}
    # Locked in order first, as the engine does; an UPDATE alone locks in any order.
    dependents = tx.scalars(
        "SELECT id FROM services WHERE organization_id = %(organization_id)s"
        " AND depends_on && %(ids)s ORDER BY id FOR NO KEY UPDATE",
        values,
    )
    tx.driver.execute(
        "UPDATE services SET version = version + 1, updated_at = now(), depends_on = ARRAY("
        " SELECT id FROM unnest(depends_on) WITH ORDINALITY AS needed (id, place)"
        " WHERE id <> ALL(%(ids)s) ORDER BY place"
        ") WHERE id = ANY(%(dependents)s)",
        {**values, "dependents": dependents},
    )
    return dependents


def lock(tx: Transaction, organization_id: UUID, ids: Sequence[UUID]) -> list[Service]:
    """Return services of an organization, locked for a change. Raises NotFound if one is missing.

    Always schedule first, then services, each in order: the engine's batches lock the same way, so
    two that meet wait for one another and do not deadlock.
    """
    lock_schedule(tx, organization_id, ids)
    found = tx.session.scalars(
        select(Service)
        .where(Service.organization_id == organization_id, Service.id.in_(ids))
        .order_by(Service.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if len(found) != len(ids):
        raise NotFound
    return list(found)


def lock_schedule(tx: Transaction, organization_id: UUID, ids: Sequence[UUID]) -> None:
    """Lock the schedule of services of an organization in the order of all who lock it."""
    tx.driver.execute(
        "SELECT FROM schedule_entries e JOIN services s ON s.id = e.service_id"
        " WHERE s.organization_id = %s AND s.id = ANY(%s)"
        " ORDER BY e.service_id, e.region FOR NO KEY UPDATE OF e",
        (organization_id, list(ids)),
    )


def _check_limit(tx: Transaction, organization: Organization) -> None:
    if not runtime().config.plan_limits:
        return
    count = tx.session.scalar(
        select(func.count()).select_from(Service).where(Service.organization_id == organization.id)
    )
    if (count or 0) >= organization.max_services:
        raise Forbidden(
            f"the {organization.plan_type} plan allows at most {organization.max_services} services"
        )


def _check_references(
    tx: Transaction, organization_id: UUID, service_id: UUID, columns: Columns
) -> None:
    """Raise Invalid for a reference to nothing, or to something of another organization."""
    policy_id = columns.get("escalation_policy_id")
    if policy_id is not None and not tx.session.scalar(
        select(EscalationPolicy.id).where(
            EscalationPolicy.id == policy_id, EscalationPolicy.organization_id == organization_id
        )
    ):
        raise refused(
            "escalation_policy_id",
            InvalidCode.UNKNOWN_REFERENCE,
            "There is no such escalation policy.",
        )
    locations.require_regions(tx, organization_id, columns.get("regions", ()))
    needs = columns.get("depends_on")
    if not needs:
        return
    rows = tx.session.execute(
        select(Service.id, Service.depends_on).where(Service.organization_id == organization_id)
    )
    graph = {row.id: row.depends_on for row in rows}
    unknown = [id for id in needs if id not in graph and id != service_id]
    if unknown:
        raise refused(
            "depends_on", InvalidCode.UNKNOWN_REFERENCE, f"There is no service {unknown[0]}."
        )
    if find_cycle(service_id, needs, graph):
        raise refused(
            "depends_on",
            InvalidCode.CONFLICTING_FIELDS,
            "A service cannot need itself, directly or through others.",
        )


def publish(tx: Transaction, event: str, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return the answers of services, and publish them once they are durable."""
    result = to_json(tx, ids)
    if result:
        organization_id = UUID(result[0]["organization_id"])
        tx.after_commit(
            runtime().feed.publish, [Event(organization_id, event, service) for service in result]
        )
    return result


def hint(tx: Transaction, regions: Iterable[str]) -> None:
    """Tell workers of these regions, after the commit, that something is due."""
    for region in sorted(set(regions)):
        tx.after_commit(schedule_entries.hint, region)
