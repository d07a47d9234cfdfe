"""Locations of an organization: made, renamed, their keys changed, deleted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from app.domain.locations.regions import is_location, region_of
from app.models.locations import Location, LocationAgent
from app.models.organization import Organization
from app.operations import rows as owned_rows
from app.operations import usages
from app.operations.accounts import instance
from app.operations.rows import Position, lock_organization, refused
from app.platform.bootstrap import runtime
from app.platform.crypto import digest, random_key
from app.platform.errors import Forbidden
from app.platform.transaction import Transaction, transaction

KEY_PREFIX = "WL_"
ALIVE_SECONDS = 30  # after its last word an agent counts as gone, as a worker does
_SHOWN = len(KEY_PREFIX) + 8


@dataclass(frozen=True, slots=True)
class Owner:
    """Owner of locations: an organization, or the operators of this server."""

    organization_id: UUID
    is_operator: bool


def listed(
    owner: Owner, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of locations, newest first, where to go on (None at the end), their number."""
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, Location, owner.organization_id, limit=limit, after=after
        )
        found = _answers(tx, rows)
    return found, position, total


def read(owner: Owner, location_id: UUID) -> dict[str, Any]:
    """Return a location's answer. Raises NotFound."""
    with transaction() as tx:
        (found,) = _answers(tx, [owned_rows.find(tx, Location, owner.organization_id, location_id)])
    return found


def create(owner: Owner, given: Mapping[str, Any]) -> dict[str, Any]:
    """Create a location and return its answer with the key, which is shown this once.

    Raises Forbidden at the plan's limit, and for a shared one of somebody who is no operator.
    """
    if given.get("is_shared") and not owner.is_operator:
        raise Forbidden("only operators of this server share a location with every organization")
    key = _new_key()
    with transaction() as tx:
        _check_limit(tx, lock_organization(tx, owner.organization_id))
        row = Location(
            id=uuid4(),
            organization_id=owner.organization_id,
            region=region_of(given["name"], random_key(64)),
            prefix=key[:_SHOWN],
            key_hash=digest(key),
            **given,
        )
        tx.session.add(row)
        tx.session.flush()
        (found,) = _answers(tx, [row])
    return found | {"key": key}


def update(owner: Owner, location_id: UUID, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change a location and return its answer; its region stays. Raises NotFound."""
    with transaction() as tx:
        row = owned_rows.lock(tx, Location, owner.organization_id, location_id)
        for name, value in changes.items():
            setattr(row, name, value)
        tx.session.flush()
        (found,) = _answers(tx, [row])
    return found


def rotate(owner: Owner, location_id: UUID) -> dict[str, Any]:
    """Replace the key at once, and return the answer with the new one. Raises NotFound.

    Agents with the old key get no further check and have none of their results accepted.
    """
    key = _new_key()
    with transaction() as tx:
        row = owned_rows.lock(tx, Location, owner.organization_id, location_id)
        row.prefix, row.key_hash = key[:_SHOWN], digest(key)
        tx.session.execute(delete_rows(LocationAgent).where(LocationAgent.location_id == row.id))
        tx.session.flush()
        (found,) = _answers(tx, [row])
    return found | {"key": key}


def delete(owner: Owner, location_id: UUID) -> None:
    """Delete a location. Raises NotFound, Conflict while a service is checked there."""
    with transaction() as tx:
        row = owned_rows.lock(
            tx, Location, owner.organization_id, location_id, against_references=True
        )
        usages.refuse(row.name, usages.of_region(tx, owner.organization_id, row.region))
        tx.session.delete(row)


def usable(organization_id: UUID) -> list[dict[str, Any]]:
    """Return the regions of locations that services of an organization may name, by name."""
    with transaction() as tx:
        rows = tx.session.scalars(_usable(organization_id).order_by(Location.name, Location.id))
        return [
            {"region": row.region, "name": row.name, "is_shared": row.is_shared} for row in rows
        ]


def require_regions(tx: Transaction, organization_id: UUID, regions: Iterable[str]) -> None:
    """Raise Invalid where a region is that of no location which the organization may use.

    The locations stay until whoever names them is there to be seen by a deletion.
    """
    wanted = [region for region in regions if is_location(region)]
    if not wanted:
        return
    known = {
        row.region
        for row in tx.session.scalars(
            _usable(organization_id)
            .where(Location.region.in_(wanted))
            .order_by(Location.id)
            .with_for_update(read=True, key_share=True)
        )
    }
    for region in wanted:
        if region not in known:
            raise refused("regions", f"There is no location {region}.")


def _usable(organization_id: UUID) -> Any:
    return select(Location).where(
        (Location.organization_id == organization_id) | Location.is_shared
    )


def _new_key() -> str:
    return f"{KEY_PREFIX}{random_key(256)}"


def _check_limit(tx: Transaction, organization: Organization) -> None:
    if not runtime().config.plan_limits:
        return
    most = instance.plan(tx, organization.plan_type).max_locations
    count = tx.session.scalar(
        select(func.count())
        .select_from(Location)
        .where(Location.organization_id == organization.id)
    )
    if (count or 0) >= most:
        raise Forbidden(f"the {organization.plan_type} plan allows at most {most} locations")


def _answers(tx: Transaction, rows: Sequence[Location]) -> list[dict[str, Any]]:
    now = tx.now()
    agents: dict[UUID, list[dict[str, Any]]] = {row.id: [] for row in rows}
    for agent in tx.session.scalars(
        select(LocationAgent)
        .where(LocationAgent.location_id.in_(agents))
        .order_by(LocationAgent.started_at, LocationAgent.agent)
    ):
        found = owned_rows.columns(agent)
        found["is_alive"] = (now - agent.last_seen_at).total_seconds() <= ALIVE_SECONDS
        agents[found.pop("location_id")].append(found)
    return [
        {
            "id": row.id,
            "name": row.name,
            "region": row.region,
            "is_shared": row.is_shared,
            "prefix": row.prefix,
            "is_alive": any(agent["is_alive"] for agent in agents[row.id]),
            "agents": agents[row.id],
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
        for row in rows
    ]
