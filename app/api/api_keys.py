"""/api-keys: keys for programs."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.operations.accounts import api_keys
from app.schemas.api_keys import (
    ApiKeyChangeSchema,
    ApiKeyInputSchema,
    ApiKeyReplacementSchema,
    ApiKeySchema,
    NewApiKeySchema,
)
from app.security.access import principal, requires

bp = Blueprint("api_keys", __name__, url_prefix="/api-keys", description="Keys for programs.")


add_routes(
    bp,
    ResourceRoutes(
        noun="an API key",
        plural="API keys",
        permission="api_keys",
        id_name="key_id",
        answer=ApiKeySchema,
        body=ApiKeyInputSchema,
        change=ApiKeyChangeSchema(partial=True),
        replacement=ApiKeyReplacementSchema(partial=True),
        created=NewApiKeySchema,
        owner=principal,
        operations=Operations.of(api_keys),
        titles={"delete": "Revoke an API key"},
        notes={
            "list": "Editors see their own, admins all.",
            "create": "The key is shown in this answer and never again. It acts in its maker's "
            "name in this organization: it shrinks with their role and ends when they are "
            "removed.",
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
    return api_keys.rotate(principal(), key_id)
