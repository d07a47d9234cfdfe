"""/api-keys: keys for programs."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, Resource, add_routes
from app.api.http import Blueprint
from app.operations.accounts import api_keys
from app.operations.accounts.api_keys import Maker
from app.schemas.api_keys import (
    ApiKeyChangeSchema,
    ApiKeyInputSchema,
    ApiKeyReplacementSchema,
    ApiKeySchema,
    NewApiKeySchema,
)
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
        key_id=found.token_id if found.kind == "api_key" else None,
        key_expires_at=found.token_expires_at if found.kind == "api_key" else None,
    )


add_routes(
    bp,
    Resource(
        noun="an API key",
        plural="API keys",
        permission="api_keys",
        id_name="key_id",
        answer=ApiKeySchema,
        body=ApiKeyInputSchema,
        change=ApiKeyChangeSchema(partial=True),
        replacement=ApiKeyReplacementSchema(partial=True),
        created=NewApiKeySchema,
        owner=_maker,
        operations=Operations.of(api_keys),
        notes={
            "list": "Editors see their own, admins all.",
            "create": "The key is shown in this answer and never again. It acts in its maker's "
            "name in this organization: it shrinks with their role and ends when they are "
            "removed.",
            "delete_title": "Revoke an API key",
            "delete": "It ends at once; live connections made with it are closed within a minute.",
        },
    ),
)


@bp.post("/<uuid:key_id>/rotate")
@requires("api_keys:write")
@bp.returns(NewApiKeySchema)
def rotate(key_id: UUID) -> dict[str, Any]:
    """Replace an API key

    The old key ends at once; name, scopes and expiry stay. Only the maker can do this.
    """
    return api_keys.rotate(_maker(), key_id)
