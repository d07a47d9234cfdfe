"""/services: what is monitored."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api.http import PAGE_HEADERS, Blueprint, invalid
from app.api.pagination import answer, take_page
from app.operations.services import queries as service_queries
from app.operations.services import services
from app.schemas.services import (
    ServiceChangeSchema,
    ServiceFilterSchema,
    ServiceInputSchema,
    ServiceReplacementSchema,
    ServiceSchema,
)
from app.security.access import principal, principal_in, requires

bp = Blueprint("services", __name__, url_prefix="/services", description="What is monitored.")


@bp.get("")
@requires("services:read")
@bp.accepts(ServiceFilterSchema, location="query")
@bp.returns(ServiceSchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List services

    Newest first. `X-Total-Count` says how many match in all. `last_error` is cut to 200 characters.
    """
    limit, after = take_page(query)
    found, position, total = service_queries.listed(
        principal().organization_id, query, limit=limit, after=after
    )
    return answer(found, position, total)


@bp.post("")
@requires("services:write")
@bp.accepts(ServiceInputSchema)
@bp.returns(ServiceSchema, 201)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Create a service

    Its first check runs within two seconds. A plan limit that is reached is 403.
    """
    organization_id = organization_for(given)
    return services.create(organization_id, given)


@bp.get("/<uuid:service_id>")
@requires("services:read")
@bp.returns(ServiceSchema)
def read(service_id: UUID) -> dict[str, Any]:
    """Read a service"""
    return service_queries.read(principal().organization_id, service_id)


@bp.patch("/<uuid:service_id>")
@requires("services:write")
@bp.accepts(ServiceChangeSchema(partial=True))
@bp.returns(ServiceSchema)
def change(given: dict[str, Any], service_id: UUID) -> dict[str, Any]:
    """Change a service

    Changes the given fields and leaves the others. Whatever concerns checking voids a check that
    is under way and starts one anew.
    """
    return _update(service_id, given)


@bp.put("/<uuid:service_id>")
@requires("services:write")
@bp.accepts(ServiceReplacementSchema(partial=True))
@bp.returns(ServiceSchema)
def replace(given: dict[str, Any], service_id: UUID) -> dict[str, Any]:
    """Change a service that was read before

    The same as PATCH; fields that only the server sets may be sent along and are ignored.
    """
    return _update(service_id, given)


def _update(service_id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    if given.pop("organization_id", principal().organization_id) != principal().organization_id:
        raise invalid({"organization_id": ["A service stays in its organization."]})
    return services.update(principal().organization_id, service_id, given)


@bp.delete("/<uuid:service_id>")
@requires("services:write")
@bp.returns(None, 204)
def delete(service_id: UUID) -> None:
    """Delete a service

    Its checks stop at once; its history is removed, and others no longer depend on it.
    """
    services.delete(principal().organization_id, [service_id])


@bp.post("/<uuid:service_id>/pause")
@requires("services:write")
@bp.returns(ServiceSchema)
def pause(service_id: UUID) -> dict[str, Any]:
    """Pause a service

    No checks until it is resumed; its status stays, and the time stays out of its uptime. An alert
    that is open ends, with that reason.
    """
    return services.set_active(principal().organization_id, [service_id], active=False)[0]


@bp.post("/<uuid:service_id>/resume")
@requires("services:write")
@bp.returns(ServiceSchema)
def resume(service_id: UUID) -> dict[str, Any]:
    """Resume a service

    It is checked at once, and then at its interval.
    """
    return services.set_active(principal().organization_id, [service_id], active=True)[0]


def organization_for(given: dict[str, Any]) -> UUID:
    """Take `organization_id` out of a body; it must be one where the caller may write services."""
    chosen: UUID = given.pop("organization_id", principal().organization_id)
    if chosen != principal().organization_id:
        there = principal_in(chosen)
        if there is None or not there.may("services:write"):
            raise invalid({"organization_id": ["Not an organization you may add services to."]})
    return chosen
