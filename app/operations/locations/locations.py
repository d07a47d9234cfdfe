"""Locations of an organization: made, renamed, their keys changed, deleted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import delete as delete_rows

from app.domain.locations.regions import is_location, region_of
from app.models.locations import Location, LocationAgent
from app.models.organization import Organization
from app.operations import rows as owned_rows
from app.operations import usages
from app.operations.accounts import instance
from app.operations.resource import Most, Resource
from app.operations.rows import lock_organization, refused
from app.platform.bootstrap import runtime
from app.platform.crypto import digest, random_key
from app.platform.errors import Forbidden, InvalidCode
from app.platform.transaction import Transaction, transaction
from app.security.principals import Principal

KEY_PREFIX = "WL_"
ALIVE_SECONDS = 30  # after its last word an agent counts as gone, as a worker does
_SHOWN = len(KEY_PREFIX) + 8


class _Locations(Resource[Location, Principal]):
    model = Location
    most = Most(1_000, "locations")
    is_referred_to = True

    def organization_of(self, who: Principal) -> UUID:
        return who.organization_id

    def conditions(self, who: Principal, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        return []

    def insert(
        self, tx: Transaction, who: Principal, data: Mapping[str, Any], **internal: Any
    ) -> dict[str, Any]:
        """Store a location and return it with its key, which is shown this once."""
        if data.get("is_shared") and not who.is_operator:
            raise Forbidden(
                "only operators of this server share a location with every organization"
            )
        _check_limit(tx, lock_organization(tx, who.organization_id))
        key = _new_key()
        internal |= {"region": region_of(data["name"], random_key(64))}
        internal |= {"prefix": key[:_SHOWN], "key_hash": digest(key)}
        return super().insert(tx, who, data, **internal) | {"key": key}

    def uses(self, tx: Transaction, who: Principal, row: Location) -> list[str]:
        return usages.of_region(tx, who.organization_id, row.region)

    def to_json(
        self, tx: Transaction, who: Principal, rows: Sequence[Location]
    ) -> list[dict[str, Any]]:
        return _to_json(tx, rows)


_LOCATIONS = _Locations()
listed, read, create, update, delete = _LOCATIONS.operations()
used_by = _LOCATIONS.used_by


def rotate(principal: Principal, location_id: UUID, overlap_seconds: int) -> dict[str, Any]:
    """Replace the key, and return the answer with the new one. Raises NotFound.

    The old one goes on for the overlap. Then agents with it get no further check and have none of
    their results accepted; the one before that ends at once, however long it had.
    """
    key = _new_key()
    with transaction() as tx:
        row = _LOCATIONS.lock(tx, principal, location_id)
        if overlap_seconds:
            row.previous_key_hash = row.key_hash
            row.previous_key_until = tx.now() + timedelta(seconds=overlap_seconds)
        else:
            row.previous_key_hash = row.previous_key_until = None
            agents = delete_rows(LocationAgent).where(LocationAgent.location_id == row.id)
            tx.session.execute(agents)
        row.prefix, row.key_hash = key[:_SHOWN], digest(key)
        tx.session.flush()
        (found,) = _to_json(tx, [row])
    return found | {"key": key}


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
            raise refused(
                "regions", InvalidCode.UNKNOWN_REFERENCE, f"There is no location {region}."
            )


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


def _to_json(tx: Transaction, rows: Sequence[Location]) -> list[dict[str, Any]]:
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
            "previous_key_until": row.previous_key_until,
            "is_alive": any(agent["is_alive"] for agent in agents[row.id]),
            "agents": agents[row.id],
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
        for row in rows
    ]
