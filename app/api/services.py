"""/services: what is monitored."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint, invalid
from app.operations.services import activation, services
from app.operations.services import queries as service_queries
from app.platform.errors import Fault, InvalidCode
from app.schemas.services import (
    ServiceChangeSchema,
    ServiceFilterSchema,
    ServiceInputSchema,
    ServiceReplacementSchema,
    ServiceSchema,
)
from app.security.access import principal, principal_in, requires

bp = Blueprint("services", __name__, url_prefix="/services", description="What is monitored.")


def organization_for(data: dict[str, Any]) -> UUID:
    """Take `organization_id` out of a body; it must be one where the caller may write services."""
    chosen: UUID = data.pop("organization_id", principal().organization_id)
    if chosen != principal().organization_id:
        there = principal_in(chosen)
        if there is None or not there.may("services:write"):
            raise invalid(
                {
                    "organization_id": [
                        Fault(
                            InvalidCode.UNKNOWN_REFERENCE,
                            "Not an organization you may add services to.",
                        )
                    ]
                }
            )
    return chosen


def _create(_: UUID, data: dict[str, Any]) -> dict[str, Any]:
    return services.create(organization_for(data), data)


def _update(organization_id: UUID, service_id: UUID, changes: dict[str, Any]) -> dict[str, Any]:
    if changes.pop("organization_id", organization_id) != organization_id:
        raise invalid(
            {
                "organization_id": [
                    Fault(InvalidCode.UNKNOWN_REFERENCE, "A service stays in its organization.")
                ]
            }
        )
    return services.update(organization_id, service_id, changes)


def _delete(organization_id: UUID, service_id: UUID) -> None:
    services.delete(organization_id, [service_id])


add_routes(
    bp,
    ResourceRoutes(
        noun="a service",
        plural="services",
        permission="services",
        id_name="service_id",
        answer=ServiceSchema,
        body=ServiceInputSchema,
        change=ServiceChangeSchema(partial=True),
        replacement=ServiceReplacementSchema(partial=True),
        filter=ServiceFilterSchema,
        operations=Operations(
            service_queries.listed, _create, service_queries.read, _update, _delete
        ),
        notes={
            "list": "`X-Total-Count` says how many match in all. `last_error` is cut to 200 "
            "characters.",
            "create": "Its first check runs within two seconds. A plan limit that is reached is "
            "403.",
            "change": "Changes the given fields and leaves the others. Whatever concerns checking "
            "voids a check that\nis under way and starts one anew.",
            "delete": "Its checks stop at once; its history is removed, and others no longer "
            "depend on it.",
        },
    ),
)


@bp.post("/<uuid:service_id>/pause")
@requires("services:write")
@bp.returns(ServiceSchema)
def pause(service_id: UUID) -> dict[str, Any]:
    """Pause a service

    No checks until it is resumed; its status stays, and the time stays out of its uptime. An alert
    that is open ends, with that reason.
    """
    return activation.set_one_active(principal().organization_id, service_id, active=False)


@bp.post("/<uuid:service_id>/resume")
@requires("services:write")
@bp.returns(ServiceSchema)
def resume(service_id: UUID) -> dict[str, Any]:
    """Resume a service

    It is checked at once, and then at its interval.
    """
    return activation.set_one_active(principal().organization_id, service_id, active=True)
