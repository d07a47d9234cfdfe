"""/secrets: values that configs use as `{{secrets.NAME}}`, and that nobody reads again."""

from typing import Any
from uuid import UUID

from app.api.http import Blueprint
from app.operations import secrets
from app.schemas.secrets import SecretInputSchema, SecretSchema, SecretValueSchema
from app.security.access import principal, requires

bp = Blueprint(
    "secrets",
    __name__,
    url_prefix="/secrets",
    description="Values that the configs of checks and channels use as {{secrets.NAME}}.",
)


@bp.get("")
@requires("secrets:read")
@bp.returns(SecretSchema(many=True))
def index() -> list[dict[str, Any]]:
    """List the names of secrets

    In alphabetical order. Values are never answered.
    """
    return secrets.listed(principal().organization_id)


@bp.post("")
@requires("secrets:write")
@bp.accepts(SecretInputSchema)
@bp.returns(SecretSchema, 201)
def create(data: dict[str, Any]) -> dict[str, Any]:
    """Create a secret"""
    return secrets.create(principal().organization_id, data)


@bp.patch("/<uuid:secret_id>")
@requires("secrets:write")
@bp.accepts(SecretValueSchema)
@bp.returns(SecretSchema)
def change(changes: dict[str, Any], secret_id: UUID) -> dict[str, Any]:
    """Give a secret another value

    Checks that use it run with the new value from now on.
    """
    return secrets.update(principal().organization_id, secret_id, changes)


@bp.put("/<uuid:secret_id>")
@requires("secrets:write")
@bp.accepts(SecretValueSchema)
@bp.returns(SecretSchema)
def put(changes: dict[str, Any], secret_id: UUID) -> dict[str, Any]:
    """Give a secret another value

    The same as PATCH.
    """
    return secrets.update(principal().organization_id, secret_id, changes)


@bp.delete("/<uuid:secret_id>")
@requires("secrets:write")
@bp.returns(None, 204)
def delete(secret_id: UUID) -> None:
    """Delete a secret

    Refused while a service or a channel uses it.
    """
    secrets.delete(principal().organization_id, secret_id)
