"""/locations: places where agents check services over HTTPS."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.optional_bodies import LenientBlueprint
from app.operations.locations import locations
from app.schemas.locations import (
    KeyRotationSchema,
    LocationChangeSchema,
    LocationInputSchema,
    LocationRegionSchema,
    LocationReplacementSchema,
    LocationSchema,
    NewLocationSchema,
)
from app.security.access import principal, requires

bp = LenientBlueprint(
    "locations",
    __name__,
    url_prefix="/locations",
    description="Places where agents check services over HTTPS.",
)


# Before the routes with an id: `regions` is none.
@bp.get("/regions")
@requires("locations:read")
@bp.returns(LocationRegionSchema(many=True))
def regions() -> list[dict[str, Any]]:
    """List the regions of locations that services may name

    Those of the organization, and those that operators share with everybody; by name.
    """
    return locations.usable(principal().organization_id)


add_routes(
    bp,
    ResourceRoutes(
        noun="a location",
        plural="locations",
        permission="locations",
        id_name="location_id",
        answer=LocationSchema,
        body=LocationInputSchema,
        change=LocationChangeSchema(),
        replacement=LocationReplacementSchema(),
        created=NewLocationSchema,
        owner=principal,
        operations=Operations.of(locations),
        notes={
            "create": "The key is shown in this answer and never again. Whoever has it may run "
            "agents there, and is sent the definitions of the services that are checked there, "
            "with their secrets.",
            "delete": "Not while a service is checked there (409).",
        },
    ),
)


@bp.post("/<uuid:location_id>/rotate-key")
@requires("locations:write")
@bp.accepts(KeyRotationSchema, required=False)
@bp.returns(NewLocationSchema)
def rotate_key(body: dict[str, Any], location_id: UUID) -> dict[str, Any]:
    """Replace the key of a location

    The old key ends at once, or after `overlap_seconds`, within which each agent is started anew
    with the new one and no check is missed. Agents that have it then stop, and what they have not
    delivered is lost.
    """
    return locations.rotate(principal(), location_id, body["overlap_seconds"])
