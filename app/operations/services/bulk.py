"""One change of many services: tags and checks of all, or settings of each that allows it."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from app.operations.rows import Columns, lock_organization
from app.operations.schedule import entries as schedule_entries
from app.operations.services.definitions import constraints
from app.operations.services.services import (
    apply,
    follow_tags,
    hint,
    lock,
    publish,
    validated,
)
from app.platform.errors import AppError, Conflict, Fault, Invalid, InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction

MOST_TAGS = 50
# What went wrong with a service, None for nothing.
Outcomes = Mapping[UUID, AppError | None]


def add_tags(organization_id: UUID, ids: Sequence[UUID], tags: Sequence[str]) -> None:
    """Add tags to services. Raises NotFound or Invalid, and then changes none of them."""
    _retag(organization_id, ids, lambda own: list(dict.fromkeys([*own, *tags])))


def remove_tags(organization_id: UUID, ids: Sequence[UUID], tags: Sequence[str]) -> None:
    """Take tags from services that have them. Raises NotFound, and then changes none of them."""
    _retag(organization_id, ids, lambda own: [tag for tag in own if tag not in tags])


def _retag(
    organization_id: UUID, ids: Sequence[UUID], change: Callable[[list[str]], list[str]]
) -> None:
    with transaction() as tx:
        changed = []
        for service in lock(tx, organization_id, ids):
            tags = change(service.tags)
            if len(tags) > MOST_TAGS:
                raise Invalid(
                    f"{service.name} would have more than {MOST_TAGS} tags",
                    {"tags": [Fault(InvalidCode.LIMIT_REACHED, "Too many.")]},
                )
            if tags != service.tags:
                service.tags = tags
                service.version += 1
                changed.append(service)
        tx.session.flush()
        follow_tags(tx, changed)
        publish(tx, "service.updated", [service.id for service in changed])


def update(organization_id: UUID, ids: Sequence[UUID], changes: Columns) -> Outcomes:
    """Change each service that allows it, and return what went wrong with the others."""
    limits = constraints(organization_id)
    with transaction() as tx:
        lock_organization(tx, organization_id)
        known = _known(tx, organization_id, ids)
        outcomes: dict[UUID, AppError | None] = {
            id: None if id in known else NotFound() for id in ids
        }
        changed = []
        for service in lock(tx, organization_id, known):
            try:
                differing = validated(tx, service, changes, limits)
            except Invalid as error:
                outcomes[service.id] = error
                continue
            if differing:
                apply(tx, service, differing)
                changed.append(service.id)
        publish(tx, "service.updated", changed)
    return outcomes


def check(organization_id: UUID, ids: Sequence[UUID]) -> Outcomes:
    """Make services due at once, without waiting for the results; return which could not be."""
    with transaction() as tx:
        known = _known(tx, organization_id, ids)
        outcomes: dict[UUID, AppError | None] = {
            id: None if id in known else NotFound() for id in ids
        }
        rows = tx.driver.execute(
            "SELECT id, is_active, regions FROM services WHERE id = ANY(%s)", (list(known),)
        ).fetchall()
        due = [(id, regions) for id, is_active, regions in rows if is_active]
        for id, is_active, _ in rows:
            if not is_active:
                outcomes[id] = Conflict("the service is paused; resume it to have it checked")
        schedule_entries.recheck(tx, [id for id, _ in due])
        hint(tx, (region for _, regions in due for region in regions))
    return outcomes


def _known(tx: Transaction, organization_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    return tx.scalars(
        "SELECT id FROM services WHERE organization_id = %s AND id = ANY(%s) ORDER BY id",
        (organization_id, list(ids)),
    )
