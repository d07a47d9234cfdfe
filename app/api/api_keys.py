"""/api-keys: keys for programs."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.operations.accounts import api_keys
from app.operations.accounts.api_keys import Maker
from app.schemas.api_keys import (
    ApiKeyChangeSchema,
    ApiKeyInputSchema,
    ApiKeyReplacementSchema,
    ApiKeySchema,
    NewApiKeySchema,
)
from app.schemas.base import PageSchema
from app.security.access import caller, requires

bp = Blueprint("api_keys", __name__, url_prefix="/api-keys", description="Keys for programs.")


def _maker() -> Maker:
    found = caller()
    return Maker(
        user_id=found.user_id,
        organization_id=found.organization_id,
        role=found.role,
        sees_all=found.may("api_keys:all"),
        scopes=found.scopes,
    )


@bp.get("")
@requires("api_keys:read")
@bp.accepts(PageSchema, location="query")
@bp.returns(ApiKeySchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List API keys

    Newest first: editors see their own, admins all.
    """
    limit, after = pagination.take_page(query)
    return pagination.answer(*api_keys.listed(_maker(), limit=limit, after=after))


@bp.post("")
@requires("api_keys:write")
@bp.accepts(ApiKeyInputSchema)
@bp.returns(NewApiKeySchema, 201)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Create an API key

    The key is shown in this answer and never again. It acts in its maker's name in this
    organization: it shrinks with their role and ends when they are removed.
    """
    return api_keys.create(_maker(), given)


@bp.get("/<uuid:key_id>")
@requires("api_keys:read")
@bp.returns(ApiKeySchema)
def read(key_id: UUID) -> dict[str, Any]:
    """Read an API key"""
    return api_keys.read(_maker(), key_id)


@bp.patch("/<uuid:key_id>")
@requires("api_keys:write")
@bp.accepts(ApiKeyChangeSchema(partial=True))
@bp.returns(ApiKeySchema)
def change(given: dict[str, Any], key_id: UUID) -> dict[str, Any]:
    """Change an API key

    Changes the given fields and leaves the others.
    """
    return api_keys.update(_maker(), key_id, given)


@bp.put("/<uuid:key_id>")
@requires("api_keys:write")
@bp.accepts(ApiKeyReplacementSchema(partial=True))
@bp.returns(ApiKeySchema)
def replace(given: dict[str, Any], key_id: UUID) -> dict[str, Any]:
    """Change an API key that was read before

    The same as PATCH; fields that only the server sets may be sent along and are ignored.
    """
    return api_keys.update(_maker(), key_id, given)


@bp.post("/<uuid:key_id>/rotate")
@requires("api_keys:write")
@bp.returns(NewApiKeySchema)
def rotate(key_id: UUID) -> dict[str, Any]:
    """Replace an API key

    The old key ends at once; name, scopes and expiry stay. Only the maker can do this.
    """
    return api_keys.rotate(_maker(), key_id)


@bp.delete("/<uuid:key_id>")
@requires("api_keys:write")
@bp.returns(None, 204)
def delete(key_id: UUID) -> None:
    """Revoke an API key

    It ends at once; live connections made with it are closed within a minute.
    """
    api_keys.delete(_maker(), key_id)
