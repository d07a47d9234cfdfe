"""/organization: the caller's organization."""

from typing import Any

from app.api.http import Blueprint
from app.operations.accounts import organization
from app.schemas.organization import (
    OrganizationChangeSchema,
    OrganizationDeletionSchema,
    OrganizationSchema,
)
from app.security.access import principal, requires

bp = Blueprint(
    "organization", __name__, url_prefix="/organization", description="Yours, by your token."
)


@bp.get("")
@requires("organization:read")
@bp.returns(OrganizationSchema)
def read() -> dict[str, Any]:
    """Read the organization"""
    return organization.read(principal().organization_id)


@bp.route("", methods=["PATCH", "PUT"])
@requires("organization:write")
@bp.accepts(OrganizationChangeSchema)
@bp.returns(OrganizationSchema)
def change(changes: dict[str, Any]) -> dict[str, Any]:
    """Change the organization

    Changes the given fields. Plan and limits are not among them.
    """
    return organization.update(principal().organization_id, changes)


@bp.delete("")
@requires("organization:delete")
@bp.accepts(OrganizationDeletionSchema)
@bp.returns(None, 204)
def delete(data: dict[str, Any]) -> None:
    """Delete the organization

    With everything in it, for ever: services, history, alerts, keys. Its slug must be typed. Tokens
    and API keys for it end at once.
    """
    organization.delete(principal().organization_id, principal().user_id, data["slug"])
